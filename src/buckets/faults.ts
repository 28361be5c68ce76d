/** Where a write below the directory can be made to fail. */
export type WriteStep = "content" | "content sync" | "name" | "folder sync" | "row";

export const WRITE_STEPS: readonly WriteStep[] = ["content", "content sync", "name", "folder sync", "row"];

/** Asked before a step (`not written`) and after it (`written, reply lost`); throws when the step is to fail there. */
export type StrikeFault = (step: WriteStep, loss: "not written" | "written, reply lost") => void;

/** Does what `step` names, unless it is to fail before; fails after, when it is to fail there. */
export async function faultable<Result>(
  strike: StrikeFault,
  step: WriteStep,
  work: () => Promise<Result>,
): Promise<Result> {
  strike(step, "not written");
  const result = await work();
  strike(step, "written, reply lost");
  return result;
}
