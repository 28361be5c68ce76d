import { parseArn, optional } from "../../core/index.ts";
import { inOrder } from "./identity-of-arn.ts";
import { keyId, list, type Part, part, text } from "./answer-parts.ts";
import type { Lesson, SeenCall } from "./seen-call.ts";

/** What IAM's answers say about users and the keys that stay. */
type UserRule = (call: SeenCall) => readonly Lesson[];

export const USER_RULES: Readonly<Record<string, UserRule>> = {
  CreateUser: ({ output }) => user(part(output, "User"), true),
  GetUser: ({ output }) => user(part(output, "User")),
  ListUsers: ({ output }) => list(output, "Users").flatMap((described) => user(described)),
  UpdateUser: ({ input }) =>
    about(input, "UserName", (userName) => ({
      kind: "moved user",
      userName,
      ...optional("newName", text(input, "NewUserName")),
      ...optional("newPath", text(input, "NewPath")),
    })),
  DeleteUser: ({ input }) => about(input, "UserName", (userName) => ({ kind: "lost user", userName })),
  CreateAccessKey: ({ input, output }) => key(part(output, "AccessKey"), ofWhom(input)),
  ListAccessKeys: ({ input, output }) =>
    list(output, "AccessKeyMetadata").flatMap((described) => key(described, ofWhom(input))),
  GetAccessKeyLastUsed: ({ input, output }) =>
    key({ ...pick(input, "AccessKeyId"), ...pick(output, "UserName") }, "somebody"),
  DeleteAccessKey: ({ input }) => {
    const accessKeyId = keyId(input, "AccessKeyId");
    return accessKeyId === undefined ? [] : [{ kind: "lost key", accessKeyId }];
  },
};

function user(described: Part, isNew = false): readonly Lesson[] {
  const userName = text(described, "UserName");
  const arn = text(described, "Arn");
  const { service, account, resource } = (arn === undefined ? undefined : parseArn(arn)) ?? {};
  // Asked by root for itself, IAM answers with the account.
  if (userName === undefined || arn === undefined || !account || service !== "iam") return [];
  if (resource?.startsWith("user/") !== true || !resource.endsWith(`/${userName}`)) return [];
  const principalId = text(described, "UserId");
  return [
    {
      kind: "user",
      isNew,
      user: inOrder({ type: "IAMUser", ...optional("principalId", principalId), arn, accountId: account, userName }),
    },
  ];
}

type KeyLesson = Extract<Lesson, { kind: "key" }>;

function key(described: Part, of: KeyLesson["of"]): readonly Lesson[] {
  const accessKeyId = keyId(described, "AccessKeyId");
  if (accessKeyId === undefined) return [];
  return about(described, "UserName", (userName) => ({ kind: "key", accessKeyId, userName, of }));
}

/** Without a name IAM takes the caller: a user, or root. */
function ofWhom(input: Part): KeyLesson["of"] {
  return text(input, "UserName") === undefined ? "caller" : "user";
}

function about(said: Part, member: string, lesson: (name: string) => Lesson): readonly Lesson[] {
  const name = text(said, member);
  return name === undefined ? [] : [lesson(name)];
}

function pick(said: Part, member: string): Part {
  return Object.hasOwn(said, member) ? { [member]: said[member] } : {};
}
