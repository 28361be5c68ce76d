import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/interop/**", "node_modules/**"],
    testTimeout: 30_000,
    pool: "threads",
    // Most tests wait for disks, processes and sockets: one worker would leave the second core idle.
    maxWorkers: 2,
  },
});
