import type { Kysely } from "kysely";
import type { TrailsSchema } from "./schema.ts";

/** How one attempt went to tell a trail's topic of a log file. `error` as GetTrailStatus tells it. */
export interface NotificationAttempt {
  readonly trailArn: string;
  readonly at: number;
  readonly error?: string;
}

/** What a trail's topic is told of a delivered log file. @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html */
export function notificationMessage(bucket: string, keys: readonly string[]): string {
  return JSON.stringify({ s3Bucket: bucket, s3ObjectKey: keys });
}

/** Keeps it for GetTrailStatus; of a trail that is gone nothing is kept. */
export async function noteNotification(
  tables: Kysely<TrailsSchema>,
  { trailArn, at, error }: NotificationAttempt,
): Promise<void> {
  const trail = await tables.selectFrom("trails").select("trail_id").where("arn", "=", trailArn).executeTakeFirst();
  if (trail === undefined) return;
  const delivered = error === undefined ? { delivered_at: at } : {};
  const attempt = { attempted_at: at, error: error ?? null, ...delivered };
  await tables
    .insertInto("trail_notifications")
    .values({ trail_id: trail.trail_id, delivered_at: null, ...attempt })
    .onConflict((conflict) => conflict.column("trail_id").doUpdateSet(attempt))
    .execute();
}
