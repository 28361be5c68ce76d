import { addQueryDefinition, deleteQueryDefinition, listQueryDefinitions } from "../../loggroups/index.ts";
import { placeOf } from "./find-group.ts";
import { queryOf } from "./log-groups.ts";
import type { LogsFamily, LogsNeeds } from "./logs-operation.ts";
import { page } from "./paging.ts";

const DESCRIBED = 1_000;

/**
 * PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition: queries that are kept by name.
 * @throws {Refusal} `ResourceNotFoundException`, `LimitExceededException`, `InvalidParameterException`.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
 */
export function queryDefinitionOperations({
  tokens,
  random,
}: LogsNeeds): LogsFamily<"PutQueryDefinition" | "DescribeQueryDefinitions" | "DeleteQueryDefinition"> {
  return {
    PutQueryDefinition: {
      mutates: true,
      run: async (input, call) => {
        const {
          queryDefinitionId: known,
          queryLanguage = "CWLI",
          name,
          queryString,
          logGroupNames,
          parameters,
        } = input;
        if (known !== undefined) await deleteQueryDefinition(call.tables, placeOf(call), known);
        const queryDefinitionId = known ?? random.uuid();
        await addQueryDefinition(call.tables, placeOf(call), {
          queryDefinitionId,
          name,
          queryString,
          queryLanguage,
          lastModified: call.now,
          logGroupNames: logGroupNames ?? [],
          parameters,
        });
        return { queryDefinitionId };
      },
    },
    DescribeQueryDefinitions: {
      mutates: false,
      run: async ({ queryLanguage, queryDefinitionNamePrefix: prefix = "", ...input }, call) => {
        const definitions = (await listQueryDefinitions(call.tables, placeOf(call))).filter(
          (each) => each.name.startsWith(prefix) && (queryLanguage ?? each.queryLanguage) === each.queryLanguage,
        );
        const { items, ...next } = page(tokens, {
          query: queryOf("DescribeQueryDefinitions", call, [queryLanguage, prefix]),
          items: definitions,
          keyOf: ({ queryDefinitionId }) => queryDefinitionId,
          limit: input.maxResults ?? DESCRIBED,
          nextToken: input.nextToken,
        });
        return { queryDefinitions: items, ...next };
      },
    },
    DeleteQueryDefinition: {
      mutates: true,
      run: async ({ queryDefinitionId }, call) => {
        await deleteQueryDefinition(call.tables, placeOf(call), queryDefinitionId);
        return { success: true };
      },
    },
  };
}
