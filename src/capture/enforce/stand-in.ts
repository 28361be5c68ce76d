
export function resign(x: any): any {
  return { ...x, guard: undefined };
}
