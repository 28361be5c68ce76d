import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** A small file system of its own, mounted for a test. */
export interface TestDisk {
  readonly directory: string;
  unmount(): void;
}

/** A disk in memory that can be filled to the last byte, and freed again. */
export interface FillableDisk extends TestDisk {
  fill(): void;
  free(): void;
}

/** A disk that the kernel takes for broken when told to, and makes read-only, as it does with real ones. */
export interface BreakableDisk extends TestDisk {
  readonly breakNow: () => void;
  /** Repaired and writable again, as after an operator's visit; nobody may have files open on it. */
  repair(): void;
}

/** Why no file system can be mounted here, if so. */
export function whyNoMount(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  try {
    mountMemory(1).unmount();
    return undefined;
  } catch {
    return "mounting is not allowed here";
  }
}

/** Why no disk can be broken here, if so. */
export function whyNoBreakableDisk(): string | undefined {
  const why = whyNoMount();
  if (why !== undefined) return why;
  try {
    const disk = mountBreakable(8);
    disk.breakNow();
    disk.unmount();
    return undefined;
  } catch {
    return "needs loop devices, mkfs.ext4 and /sys/fs/ext4";
  }
}

export function mountMemory(mebibytes: number): FillableDisk {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-disk-"));
  run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", directory);
  const ballast = join(directory, "ballast");
  return {
    directory,
    fill: () => fillWith(ballast),
    free: () => rmSync(ballast),
    unmount: () => unmount(directory),
  };
}

export function mountBreakable(mebibytes: number): BreakableDisk {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-disk-"));
  const image = `${directory}.img`;
  writeFileSync(image, Buffer.alloc(mebibytes * 1024 * 1024));
  run("mkfs.ext4", "-q", "-F", image);
  const mount = (): void => run("mount", "-o", "loop,errors=remount-ro", image, directory);
  mount();
  return {
    directory,
    breakNow: () => writeFileSync(`/sys/fs/ext4/${deviceOf(directory)}/trigger_fs_error`, "a test"),
    repair: () => {
      run("umount", directory);
      // It says with its exit code 1 that there was something to repair.
      runAny("e2fsck", "-p", "-f", image);
      mount();
    },
    unmount: () => {
      unmount(directory);
      rmSync(image);
    },
  };
}

function fillWith(path: string): void {
  const file = openSync(path, "a");
  for (const size of [1024 * 1024, 4096, 1]) while (written(file, size));
  closeSync(file);
}

function written(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) > 0;
  } catch {
    return false;
  }
}

function deviceOf(directory: string): string {
  const line = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .find((mount) => mount.split(" ")[1] === directory);
  return basename(line?.split(" ")[0] ?? "");
}

function unmount(directory: string): void {
  // Lazily: a process that was killed a moment ago may still hold files.
  run("umount", "-l", directory);
  rmSync(directory, { recursive: true, force: true });
}

function run(command: string, ...parameters: readonly string[]): void {
  execFileSync(command, parameters, { stdio: "pipe" });
}

function runAny(command: string, ...parameters: readonly string[]): void {
  try {
    run(command, ...parameters);
  } catch (thrown) {
    if ((thrown as { status?: number }).status !== 1) throw thrown;
  }
}
