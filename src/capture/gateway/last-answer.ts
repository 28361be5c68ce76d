/** An answer as it stands on the wire, after which the connection ends. */
export function lastAnswer(
  status: number,
  statusMessage: string,
  rawHeaders: readonly string[],
  body: Uint8Array,
): Uint8Array {
  let head = `HTTP/1.1 ${status} ${statusMessage}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (!/^(content-length|trailer|connection)$/i.test(rawHeaders[at] ?? ""))
      head += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  }
  head += `connection: close\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}
