import type { Pattern } from "./shapes.ts";

/** POSIX classes of Java's regular expressions, which models use and JavaScript lacks. */
const POSIX: Readonly<Record<string, string>> = {
  Alnum: "A-Za-z0-9",
  Alpha: "A-Za-z",
  ASCII: "\\x00-\\x7F",
  Digit: "0-9",
  Graph: "!-~",
  Lower: "a-z",
  Print: " -~",
  Space: "\\s",
  Upper: "A-Z",
  XDigit: "A-Fa-f0-9",
};

const LEADING_FLAGS = /^\(\?([ims]+)\)/;

/**
 * A model's pattern as one that must match the whole value. Models are written for Java: leading flags such as `(?s)`,
 * POSIX classes and idle escapes (`\:`) are translated. Undefined when JavaScript still cannot read it: that constraint is
 * then not checked.
 */
export function compilePattern(source: string): Pattern | undefined {
  const flags = LEADING_FLAGS.exec(source)?.[1] ?? "";
  const body = translate(source.replace(LEADING_FLAGS, ""));
  try {
    return { source, expression: new RegExp(`^(?:${body})$`, `u${flags}`) };
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

function translate(source: string): string {
  let inClass = false;
  return source.replace(
    /\\p\{(\w+)\}|\\(.)|[[\]]/gsu,
    (token, property: string | undefined, escaped: string | undefined) => {
      if (property !== undefined) {
        const characters = POSIX[property];
        if (characters === undefined) return token;
        return inClass ? characters : `[${characters}]`;
      }
      if (escaped !== undefined) return isIdle(escaped, inClass) ? escaped : token;
      inClass = token === "[" || (inClass && token !== "]");
      return token;
    },
  );
}

/** An escape that JavaScript's Unicode grammar refuses because the character needs none. */
function isIdle(character: string, inClass: boolean): boolean {
  return character === "-" ? !inClass : !/[A-Za-z0-9^$\\.*+?()[\]{}|/]/.test(character);
}
