/**
 * The ARN that a user or group would have afterwards, when that is another: whoever moves something needs the
 * permission at both ends.
 */
export function movedArns(arn: string, newPath: string | undefined, newName: string | undefined): readonly string[] {
  const kindEnd = arn.indexOf("/");
  const nameStart = arn.lastIndexOf("/") + 1;
  const path = newPath ?? arn.slice(kindEnd, nameStart);
  const moved = `${arn.slice(0, kindEnd)}${path}${newName ?? arn.slice(nameStart)}`;
  return moved === arn ? [] : [moved];
}
