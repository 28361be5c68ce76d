import type { Kysely } from "kysely";
import { reason } from "../core/index.ts";
import { managedPolicies, type NamedPolicy, type Policy, parsePolicy, unreadablePolicy } from "./policy/index.ts";
import type { IdentitySchema } from "./schema.ts";

/** Who holds policies, apart from the groups: a user (`AIDA…`) or a role (`AROA…`). */
export interface Holder {
  readonly kind: "user" | "role";
  readonly id: string;
}

/** All that the tables say about what a user or role may do. */
export interface Holdings {
  readonly identity: readonly NamedPolicy[];
  readonly boundary?: NamedPolicy;
  /** Values by the tags' keys as they were given. */
  readonly tags: ReadonlyMap<string, string>;
}

/** Told of every stored policy that cannot be read; its holders are denied everything until somebody repairs it. */
export type ReportUnreadable = (policy: string, why: string) => void;

/** Reads policies from the tables and compiles them; the same text is compiled once. */
export class PolicyStore {
  readonly #tables: Kysely<IdentitySchema>;
  readonly #report: ReportUnreadable;
  readonly #compiled = new Map<string, Policy>();

  constructor(tables: Kysely<IdentitySchema>, report: ReportUnreadable) {
    this.#tables = tables;
    this.#report = report;
  }

  async holdings(holder: Holder): Promise<Holdings> {
    const found = await this.#find(holder);
    if (found === undefined) {
      return {
        identity: [this.#unreadable(`${holder.kind} ${holder.id}`, `the ${holder.kind} is gone`)],
        tags: new Map(),
      };
    }
    const holders = [{ id: holder.id, label: `${holder.kind} ${found.name}` }, ...(await this.#groups(holder))];
    const identity = [...(await this.#inline(holders)), ...(await this.#attached(holders))];
    const tags = await this.#tags(holder);
    if (found.boundary_arn === null) return { identity, tags };
    const [boundary] = await this.managed([found.boundary_arn]);
    return boundary === undefined ? { identity, tags } : { identity, boundary, tags };
  }

  /** The default versions of managed policies, one for each ARN; what is gone is unreadable. */
  async managed(arns: readonly string[]): Promise<NamedPolicy[]> {
    const texts = new Map<string, string>();
    for (const arn of arns) {
      const known = managedPolicies.get(arn);
      if (known !== undefined) texts.set(arn, known.document);
    }
    const others = arns.filter((arn) => !texts.has(arn));
    if (others.length > 0) {
      const rows = await this.#tables
        .selectFrom("policies")
        .innerJoin("policy_versions", "policy_versions.policy_id", "policies.policy_id")
        .where("policies.arn", "in", others)
        .where("policy_versions.is_default", "=", 1)
        .select(["policies.arn", "policy_versions.document"])
        .execute();
      for (const row of rows) texts.set(row.arn, row.document);
    }
    return arns.map((arn) => {
      const text = texts.get(arn);
      return text === undefined ? this.#unreadable(arn, "the policy is gone") : this.compile(arn, text);
    });
  }

  compile(name: string, text: string): NamedPolicy {
    const known = this.#compiled.get(text);
    if (known !== undefined) return { name, policy: known };
    if (this.#compiled.size >= COMPILED_MAX) this.#compiled.clear();
    try {
      const policy = parsePolicy(text, "identity");
      this.#compiled.set(text, policy);
      return { name, policy };
    } catch (refused) {
      return this.#unreadable(name, reason(refused), text);
    }
  }

  #unreadable(name: string, why: string, text = ""): NamedPolicy {
    this.#report(name, why);
    return { name, policy: unreadablePolicy("identity", text, why) };
  }

  async #find(holder: Holder): Promise<{ name: string; boundary_arn: string | null } | undefined> {
    return holder.kind === "user"
      ? this.#tables
          .selectFrom("users")
          .where("user_id", "=", holder.id)
          .select(["name", "boundary_arn"])
          .executeTakeFirst()
      : this.#tables
          .selectFrom("roles")
          .where("role_id", "=", holder.id)
          .select(["name", "boundary_arn"])
          .executeTakeFirst();
  }

  async #groups(holder: Holder): Promise<LabelledHolder[]> {
    if (holder.kind === "role") return [];
    const rows = await this.#tables
      .selectFrom("group_members")
      .innerJoin("groups", "groups.group_id", "group_members.group_id")
      .where("group_members.user_id", "=", holder.id)
      .select(["groups.group_id as id", "groups.name"])
      .orderBy("groups.name_key")
      .execute();
    return rows.map((row) => ({ id: row.id, label: `group ${row.name}` }));
  }

  async #inline(holders: readonly LabelledHolder[]): Promise<NamedPolicy[]> {
    const rows = await this.#tables
      .selectFrom("inline_policies")
      .where("holder_id", "in", ids(holders))
      .select(["holder_id", "name", "document"])
      .orderBy("name")
      .execute();
    return holders.flatMap(({ id, label }) =>
      rows
        .filter((row) => row.holder_id === id)
        .map((row) => this.compile(`inline ${row.name} of ${label}`, row.document)),
    );
  }

  async #attached(holders: readonly LabelledHolder[]): Promise<NamedPolicy[]> {
    const rows = await this.#tables
      .selectFrom("attached_policies")
      .where("holder_id", "in", ids(holders))
      .select("policy_arn")
      .orderBy("policy_arn")
      .execute();
    return this.managed([...new Set(rows.map((row) => row.policy_arn))]);
  }

  async #tags(holder: Holder): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#tables
      .selectFrom("identity_tags")
      .where("holder_kind", "=", holder.kind)
      .where("holder_id", "=", holder.id)
      .select(["key", "value"])
      .execute();
    return new Map(rows.map((row) => [row.key, row.value]));
  }
}

interface LabelledHolder {
  readonly id: string;
  /** `user John`, `group Admins`. */
  readonly label: string;
}

function ids(holders: readonly LabelledHolder[]): string[] {
  return holders.map((holder) => holder.id);
}

/** Texts compiled and kept; a few kilobytes each. */
const COMPILED_MAX = 5_000;
