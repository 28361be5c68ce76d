import type { IamOperations } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import * as identity from "../../identity/index.ts";
import type { IamFamily, IamNeeds } from "./iam-operation.ts";
import { onHolder } from "./permissions.ts";
import { wireDate } from "./shapes.ts";
import { userSubjectName } from "./subject.ts";

type LoginProfile = IamOperations["GetLoginProfile"]["output"]["LoginProfile"];
type LoginProfiles = IamFamily<
  "CreateLoginProfile" | "GetLoginProfile" | "UpdateLoginProfile" | "DeleteLoginProfile" | "ChangePassword"
>;

/**
 * A user's password: given, shown (never itself), changed and taken away by others, and changed by the user. Only its
 * hash is kept.
 *
 * Hashing takes some 50 ms of a transaction, which has the tables alone: refusals that need no hash come first.
 *
 * @throws {Refusal} `NoSuchEntity`, `EntityAlreadyExists`, `PasswordPolicyViolation`; for ChangePassword `InvalidUserType`
 * unless a user calls, and `AccessDenied` when the old password is wrong.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
 */
export function loginProfiles({ random }: IamNeeds): LoginProfiles {
  return {
    CreateLoginProfile: {
      mutates: true,
      ...onHolder("user", userSubjectName),
      run: async (input, call) => {
        const { tables, caller, now } = call;
        const name = userSubjectName(input, call);
        if (input.Password === undefined) throw new Refusal("ValidationError", "A password is required.");
        await identity.assertNoLoginProfile(tables, caller.account, name);
        identity.assertPasswordAllowed(input.Password);
        const passwordHash = await identity.hashPassword(input.Password, random);
        const profile = { passwordHash, resetRequired: input.PasswordResetRequired ?? false };
        await identity.createLoginProfile(tables, caller.account, name, profile, now);
        return { LoginProfile: shape(await identity.findLoginProfile(tables, caller.account, name)) };
      },
    },
    GetLoginProfile: {
      mutates: false,
      ...onHolder("user", userSubjectName),
      run: async (input, call) => {
        const name = userSubjectName(input, call);
        return { LoginProfile: shape(await identity.findLoginProfile(call.tables, call.caller.account, name)) };
      },
    },
    UpdateLoginProfile: {
      mutates: true,
      ...onHolder("user", (input) => input.UserName),
      run: async ({ UserName, Password, PasswordResetRequired }, { tables, caller }) => {
        await identity.findLoginProfile(tables, caller.account, UserName);
        if (Password !== undefined) identity.assertPasswordAllowed(Password);
        const passwordHash = Password === undefined ? undefined : await identity.hashPassword(Password, random);
        const change = { passwordHash, resetRequired: PasswordResetRequired };
        await identity.updateLoginProfile(tables, caller.account, UserName, change);
        return undefined;
      },
    },
    DeleteLoginProfile: {
      mutates: true,
      ...onHolder("user", userSubjectName),
      run: async (input, call) => {
        await identity.deleteLoginProfile(call.tables, call.caller.account, userSubjectName(input, call));
        return undefined;
      },
    },
    ChangePassword: {
      mutates: true,
      resources: (_, { caller }) => [caller.arn],
      run: async ({ OldPassword, NewPassword }, { tables, caller }) => {
        const { account, userName } = caller;
        if (caller.kind !== "user" || userName === undefined) {
          throw new Refusal("InvalidUserType", "Only IAM Users can change their own password.");
        }
        const user = await identity.findLoginProfile(tables, account, userName);
        identity.assertPasswordAllowed(NewPassword);
        if (!(await identity.verifyPassword(OldPassword, user.password_hash))) {
          throw new Refusal("AccessDenied", "The old password is incorrect.", 403);
        }
        const passwordHash = await identity.hashPassword(NewPassword, random);
        await identity.updateLoginProfile(tables, account, userName, { passwordHash, resetRequired: false });
        return undefined;
      },
    },
  };
}

function shape(user: Awaited<ReturnType<typeof identity.findLoginProfile>>): LoginProfile {
  return {
    UserName: user.name,
    CreateDate: wireDate(user.password_created_at),
    PasswordResetRequired: user.password_reset_required !== 0,
  };
}
