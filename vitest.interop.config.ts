import { defineConfig } from "vitest/config";

/** The suite that needs AWS's own clients on the machine: `tools/install-clients.sh` brings them. */
export default defineConfig({
  test: {
    include: ["test/interop/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    // Each file has servers of its own on ports that were free; most of the time is the start of command lines.
    maxWorkers: 2,
  },
});
