import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { type Logger, pino } from "pino";
import {
  ApiMetrics,
  answerCalls,
  type ControlSchema,
  cloudtrailOperations,
  iamOperations,
  outboxMigrations,
  Recorder,
  serveHttp,
  serveStatus,
  stsOperations,
  Throttle,
} from "./api/index.ts";
import { service } from "./aws/index.ts";
import { addClientCommands } from "./cli/index.ts";
import { CONFIG_FLAGS, type Config, readConfig } from "./config.ts";
import { PageTokens, reason, systemClock, systemRandom } from "./core/index.ts";
import { openHistory } from "./history/index.ts";
import {
  bootstrap,
  identityMigrations,
  loadKeyFile,
  openAuthorizer,
  openCredentials,
  SecretBox,
} from "./identity/index.ts";
import { lockDirectory, openJournal } from "./journal/index.ts";
import { DirectoryObjectStore, openTables } from "./store/index.ts";

/** How long answers in flight may take to finish once we are told to stop. */
const GRACE_MS = 10_000;
