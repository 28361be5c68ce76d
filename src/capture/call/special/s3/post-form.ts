import { headerValue } from "../../../../aws/index.ts";
import type { CapturedBody, CapturedHead } from "../../captured.ts";

/** So much of a form's beginning is looked at; S3 itself takes 20 KB before the file. */
const FORM_BYTES_MAX = 65_536;
const FIELDS_MAX = 100;
const FORM_TYPE = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i;
const FIELD_NAME = /(?:^|;)\s*name="([^"\r\n]{1,200})"/i;
const FILE_NAME = /(?:^|;)\s*filename="([^"\r\n]{0,1024})"/i;

/**
 * The fields before the file of a browser's upload form (POST Object), by name as sent; undefined when the request is no
 * such form. `${filename}` in the key is replaced as S3 does it. The fields hold the form's signature: what is recorded of
 * them is for the caller to choose.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */
export function postForm(head: CapturedHead, body: CapturedBody): ReadonlyMap<string, string> | undefined {
  if (head.method !== "POST") return undefined;
  const type = FORM_TYPE.exec(headerValue(head.headers, "content-type") ?? "");
  const boundary = type?.[1] ?? type?.[2];
  return boundary === undefined ? undefined : readFields(beginning(body.bytes), `--${boundary}`);
}

function beginning(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, FORM_BYTES_MAX));
}

function readFields(text: string, delimiter: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  // What stands before the first delimiter is no field, and a part whose end is not there is not known whole.
  for (const part of text.split(delimiter).slice(1)) {
    const headEnd = part.indexOf("\r\n\r\n");
    if (headEnd < 0 || fields.size === FIELDS_MAX) break;
    const disposition = contentDisposition(part.slice(0, headEnd));
    const name = FIELD_NAME.exec(disposition)?.[1];
    if (name?.toLowerCase() === "file") return withFileName(fields, FILE_NAME.exec(disposition)?.[1]);
    if (name !== undefined && part.endsWith("\r\n")) fields.set(name, part.slice(headEnd + 4, -2));
  }
  return fields;
}

function contentDisposition(head: string): string {
  return head.split("\r\n").find((line) => /^content-disposition:/i.test(line)) ?? "";
}

function withFileName(fields: Map<string, string>, fileName: string | undefined): ReadonlyMap<string, string> {
  const key = fields.get("key");
  // Old browsers send the whole path of the file; S3 takes its last part.
  const last = fileName?.replace(/^.*[\\/]/, "");
  if (key !== undefined && last !== undefined)
    fields.set(
      "key",
      key.replaceAll("${filename}", () => last),
    );
  return fields;
}
