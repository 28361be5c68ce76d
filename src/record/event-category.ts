/** Whether an operation works on the contents of a resource rather than on the resource. */
export function isDataEvent(_eventSource: string, _eventName: string): boolean {
  return false;
}
