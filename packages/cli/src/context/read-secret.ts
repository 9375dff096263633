import { Failure } from "@millrace/failure";
import { EXIT_INTERRUPTED } from "../terminal/stop-at-signals.ts";

const SECRET_CHARS_MAX = 1_024;

/**
 * Reads a secret: on a terminal it is asked for and not shown while it is typed, else it is the first line of standard
 * input.
 *
 * @throws Failure `invalid` when there is none
 */
export async function readSecret(question: string): Promise<string> {
  const { stdin } = process;
  const text = stdin.isTTY === true ? await typed(question) : await firstLine();
  if (text.trim() === "") throw new Failure("invalid", "FIELD_INVALID", "no key was given");
  return text.trim();
}

async function firstLine(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.includes("\n") || text.length > SECRET_CHARS_MAX) break;
  }
  return text.split("\n", 1)[0]!;
}

function typed(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  return new Promise((resolve) => {
    let text = "";
    function end(): void {
      stdin.off("data", take);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
    }
    // What is pasted comes in one piece, with or without its line's end.
    function take(chunk: string): void {
      for (const character of chunk) {
        if (character === "\u0003") {
          end();
          process.exit(EXIT_INTERRUPTED);
        }
        if (character === "\r" || character === "\n" || character === "\u0004") {
          end();
          resolve(text);
          return;
        }
        if (character === "\u007f" || character === "\b") text = text.slice(0, -1);
        else if (character >= " " && text.length < SECRET_CHARS_MAX) text += character;
      }
    }
    stdin.on("data", take);
    stdin.resume();
  });
}
