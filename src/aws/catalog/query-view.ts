/** The names and values of a query string, as far as they tell operations apart. */
export type QueryView = ReadonlyMap<string, string>;

const NOTHING: QueryView = new Map();

/** Names decoded, values as sent; of a name given twice the first value. What is not percent-encoded UTF-8 stays encoded. */
export function viewQuery(query: string): QueryView {
  if (query === "") return NOTHING;
  const view = new Map<string, string>();
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    const name = decodeName(equals < 0 ? pair : pair.slice(0, equals));
    if (name !== "" && !view.has(name)) view.set(name, equals < 0 ? "" : pair.slice(equals + 1));
  }
  return view;
}

function decodeName(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  return spaced.includes("%") ? decoded(spaced) : spaced;
}

/** The text decoded, or as it is when it is not percent-encoded UTF-8. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (thrown) {
    if (thrown instanceof URIError) return text;
    throw thrown;
  }
}

const SIGNATURE: ReadonlySet<string> = new Set(["AWSAccessKeyId", "Signature", "Expires"]);

/**
 * What may stand in any query without saying what is asked for: signatures of both versions, headers of the answer, and
 * names that begin with `x-`, which are a client's remarks (`x-id=PutObject` is what it believes that it asks for).
 */
export function isRemark(name: string): boolean {
  return /^(?:x-|response-)/i.test(name) || SIGNATURE.has(name);
}
