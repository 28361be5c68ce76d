import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, describe, onTestFinished, test, vi } from "vitest";
import { newDelivery, OWNER } from "../deliveries.fixture.ts";
import type { AttemptResult, Delivery } from "../delivery.ts";
import { openCommandTransport } from "./command.ts";

function run(script: string, { body = "in", signal = new AbortController().signal } = {}): Promise<AttemptResult> {
  const transport = openCommandTransport({ commands: { note: ["/bin/sh", "-c", script, "note", "a b;c"] } });
  return transport({ ...newDelivery({ kind: "command", endpoint: "note", body }), id: "7" } as Delivery, signal);
}

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "command-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe("openCommandTransport()", () => {
  test("gives the command its arguments, the body and little else", async () => {
    const file = join(scratch(), "seen");
    process.env["OPENTRAIL_TEST_SECRET"] = "secret";
    onTestFinished(() => void delete process.env["OPENTRAIL_TEST_SECRET"]);
    const body = "x".repeat(1_000_000);
    expect(await run(`{ echo "$1"; env; wc -c; } > ${file}`, { body })).toEqual({ outcome: "delivered" });
    const [argument, ...rest] = readFileSync(file, "utf8").trim().split("\n");
    expect([argument, rest.at(-1)?.trim()]).toEqual(["a b;c", "1000000"]);
    const names = rest.slice(0, -1).map((line) => line.split("=")[0]);
    // The last two are the shell's own.
    const given = ["PATH", "OPENTRAIL_DELIVERY_ID", "OPENTRAIL_EVENT_ID", "OPENTRAIL_OWNER_ARN"];
    expect(
      names.filter((name) => !given.includes(name ?? "")).every((name) => /^(PWD|SHLVL|_|OLDPWD)$/.test(name ?? "")),
    ).toBe(true);
    expect(rest).toEqual(expect.arrayContaining(["OPENTRAIL_DELIVERY_ID=7", `OPENTRAIL_OWNER_ARN=${OWNER}`]));
  });

  test.each([
    ["exit 0", { outcome: "delivered" }],
    ["exec <&-; exit 0", { outcome: "delivered" }],
    ["echo no; echo way >&2; exit 3", { outcome: "retry", error: "the command ended with 3: no\nway" }],
    ["exit 75", { outcome: "retry", error: "the command ended with 75" }],
    ["kill -TERM $$", { outcome: "retry", error: "the command was killed by SIGTERM" }],
  ])("knows what the end of %j means", async (script, result) => {
    expect(await run(script, { body: "x".repeat(200_000) })).toEqual(result);
  });

  test("keeps only the beginning of what a command says", async () => {
    const result = await run("head -c 10000000 /dev/zero | tr '\\0' x; exit 1");
    expect(result).toEqual({ outcome: "retry", error: `the command ended with 1: ${"x".repeat(1_024)}` });
  });

  test("kills the command and what it started when its time is over", async () => {
    const file = join(scratch(), "pid");
    const stop = new AbortController();
    const result = run(`sleep 60 & echo $! > ${file}; wait`, { signal: stop.signal });
    await vi.waitFor(() => expect(readFileSync(file, "utf8")).toMatch(/\d+\n/));
    stop.abort();
    expect(await result).toEqual({ outcome: "retry", error: "the command was killed by SIGKILL" });
    const sleeping = Number(readFileSync(file, "utf8"));
    await vi.waitFor(() => expect(isAlive(sleeping)).toBe(false));
  });

  test("does not wait for what a command leaves behind", async () => {
    const file = join(scratch(), "pid");
    expect(await run(`sleep 60 & echo $! > ${file}`)).toEqual({ outcome: "delivered" });
    process.kill(Number(readFileSync(file, "utf8")), "SIGKILL");
  });

  test.each(["other", "__proto__", "toString"])("gives up on %s, which nobody configured", async (endpoint) => {
    const transport = openCommandTransport({ commands: {} });
    const delivery = { ...newDelivery({ kind: "command", endpoint }), id: "7" } as Delivery;
    const error = `there is no command ${endpoint}; name it in targets.commands`;
    expect(await transport(delivery, new AbortController().signal)).toEqual({ outcome: "failed", error });
  });

  test("gives up on a program that is not there", async () => {
    const transport = openCommandTransport({ commands: { note: ["/nowhere/note"] } });
    const delivery = { ...newDelivery({ kind: "command", endpoint: "note" }), id: "7" } as Delivery;
    expect(await transport(delivery, new AbortController().signal)).toMatchObject({
      outcome: "failed",
      error: expect.stringContaining("ENOENT"),
    });
  });
});

/** A killed process is gone, or waits for its parent to read how it ended. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
