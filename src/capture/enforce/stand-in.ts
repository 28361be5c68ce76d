export async function authorizeCall(..._: unknown[]): Promise<void> {}
export function resign(x: any): any {
  return { ...x, guard: undefined };
}
