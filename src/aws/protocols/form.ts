/** Urlencoded forms, as the query and ec2 protocols use them: `Tags.member.1.Key=team` becomes a tree by its dots. */
import type { WireRequest } from "../http.ts";
import { headerValue } from "../http.ts";
import { Malformed, decodeUtf8 } from "./scalars.ts";

/** So many names and parts of names may a form have; real calls have hundreds. Each takes memory that a dot does not. */
const NODES_MAX = 100_000;

/** One name between two dots: its own value, if the form gave one, and what stands under it. */
export interface FormNode {
  value?: string;
  children?: Map<string, FormNode>;
}

export interface Form {
  readonly root: FormNode;
  readonly action: string | undefined;
  readonly version: string | undefined;
}

const FORM_TYPE = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** Both routing and parsing need the form: it is read once per request. */
const forms = new WeakMap<WireRequest, Form>();

/**
 * The parameters of the query string and, of a form post, the body. What belongs to the signature is left out.
 * @throws {Malformed} on bad percent-encoding, bad UTF-8, a parameter given twice, or too many dots.
 */
export function formOf(request: WireRequest): Form {
  const known = forms.get(request);
  if (known !== undefined) return known;
  const tree = new Tree();
  tree.add(request.query);
  if (isForm(request)) tree.add(decodeUtf8(request.body));
  const { root } = tree;
  const form = { root, action: child(root, "Action")?.value, version: child(root, "Version")?.value };
  forms.set(request, form);
  return form;
}

function isForm(request: WireRequest): boolean {
  return request.body.length > 0 && FORM_TYPE.test(headerValue(request.headers, "content-type") ?? "");
}

export function child(node: FormNode, name: string): FormNode | undefined {
  return node.children?.get(name);
}

class Tree {
  readonly root: FormNode = {};
  #nodes = 0;

  add(text: string): void {
    for (const pair of text.split("&")) {
      if (pair === "") continue;
      const equals = pair.indexOf("=");
      const name = decode(equals < 0 ? pair : pair.slice(0, equals));
      if (name.startsWith("X-Amz-")) continue;
      const node = this.#descend(name);
      if (node.value !== undefined) throw new Malformed(`Parameter ${name} is given more than once`);
      node.value = equals < 0 ? "" : decode(pair.slice(equals + 1));
    }
  }

  #descend(name: string): FormNode {
    let node = this.root;
    for (const step of name.split(".")) {
      node.children ??= new Map();
      let next = node.children.get(step);
      if (next === undefined) {
        this.#nodes += 1;
        if (this.#nodes > NODES_MAX) throw new Malformed("The request has too many parameters");
        node.children.set(step, (next = {}));
      }
      node = next;
    }
    return node;
  }
}

function decode(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch (cause) {
    if (cause instanceof URIError) throw new Malformed("A parameter is not percent-encoded UTF-8");
    throw cause;
  }
}

/** A value as clients encode it: everything but RFC 3986's unreserved characters. */
export function encodeFormValue(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
