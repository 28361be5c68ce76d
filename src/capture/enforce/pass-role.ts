import { type CallToAuthorize, type Demand, partitionOf, valuesAt } from "./call-to-authorize.ts";

/** Where a call names a role that somebody else will use: the members' paths, and who will. */
type PassedRole = readonly [paths: readonly string[], to: string];

/**
 * Calls that hand a role to a service, by botocore's name of the service. Without permission to pass it, whoever may
 * make a function could do what its role may do.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
 */
const PASSED: Readonly<Record<string, Readonly<Record<string, PassedRole>>>> = {
  batch: {
    RegisterJobDefinition: [["containerProperties.jobRoleArn", "containerProperties.executionRoleArn"], "ecs-tasks"],
  },
  cloudformation: {
    CreateChangeSet: [["RoleARN"], "cloudformation"],
    CreateStack: [["RoleARN"], "cloudformation"],
    DeleteStack: [["RoleARN"], "cloudformation"],
    UpdateStack: [["RoleARN"], "cloudformation"],
  },
  codebuild: { CreateProject: [["serviceRole"], "codebuild"], UpdateProject: [["serviceRole"], "codebuild"] },
  codepipeline: {
    CreatePipeline: [["pipeline.roleArn"], "codepipeline"],
    UpdatePipeline: [["pipeline.roleArn"], "codepipeline"],
  },
  config: { PutConfigurationRecorder: [["ConfigurationRecorder.roleARN"], "config"] },
  ecs: {
    CreateService: [["role"], "ecs"],
    RegisterTaskDefinition: [["taskRoleArn", "executionRoleArn"], "ecs-tasks"],
    RunTask: [["overrides.taskRoleArn", "overrides.executionRoleArn"], "ecs-tasks"],
    StartTask: [["overrides.taskRoleArn", "overrides.executionRoleArn"], "ecs-tasks"],
  },
  eks: { CreateCluster: [["roleArn"], "eks"], CreateNodegroup: [["nodeRole"], "ec2"] },
  emr: { RunJobFlow: [["ServiceRole", "JobFlowRole", "AutoScalingRole"], "elasticmapreduce"] },
  events: { PutRule: [["RoleArn"], "events"], PutTargets: [["Targets.RoleArn"], "events"] },
  firehose: {
    CreateDeliveryStream: [
      [
        "S3DestinationConfiguration.RoleARN",
        "ExtendedS3DestinationConfiguration.RoleARN",
        "RedshiftDestinationConfiguration.RoleARN",
        "ElasticsearchDestinationConfiguration.RoleARN",
        "KinesisStreamSourceConfiguration.RoleARN",
      ],
      "firehose",
    ],
  },
  glue: {
    CreateCrawler: [["Role"], "glue"],
    CreateDevEndpoint: [["RoleArn"], "glue"],
    CreateJob: [["Role"], "glue"],
    CreateSession: [["Role"], "glue"],
    UpdateCrawler: [["Role"], "glue"],
    UpdateJob: [["JobUpdate.Role"], "glue"],
  },
  ec2: {
    AssociateIamInstanceProfile: [["IamInstanceProfile.Arn", "IamInstanceProfile.Name"], "ec2"],
    ReplaceIamInstanceProfileAssociation: [["IamInstanceProfile.Arn", "IamInstanceProfile.Name"], "ec2"],
    RunInstances: [["IamInstanceProfile.Arn", "IamInstanceProfile.Name"], "ec2"],
  },
  iam: { AddRoleToInstanceProfile: [["RoleName"], "ec2"] },
  lambda: { CreateFunction: [["Role"], "lambda"], UpdateFunctionConfiguration: [["Role"], "lambda"] },
  logs: { PutDestination: [["roleArn"], "logs"], PutSubscriptionFilter: [["roleArn"], "logs"] },
  pipes: { CreatePipe: [["RoleArn"], "pipes"], UpdatePipe: [["RoleArn"], "pipes"] },
  rds: {
    AddRoleToDBCluster: [["RoleArn"], "rds"],
    AddRoleToDBInstance: [["RoleArn"], "rds"],
    CreateDBInstance: [["MonitoringRoleArn"], "monitoring.rds"],
    ModifyDBInstance: [["MonitoringRoleArn"], "monitoring.rds"],
  },
  redshift: { CreateCluster: [["IamRoles"], "redshift"], ModifyClusterIamRoles: [["AddIamRoles"], "redshift"] },
  s3: { PutBucketReplication: [["ReplicationConfiguration.Role"], "s3"] },
  sagemaker: {
    CreateModel: [["ExecutionRoleArn"], "sagemaker"],
    CreateNotebookInstance: [["RoleArn"], "sagemaker"],
    CreateProcessingJob: [["RoleArn"], "sagemaker"],
    CreateTrainingJob: [["RoleArn"], "sagemaker"],
  },
  scheduler: { CreateSchedule: [["Target.RoleArn"], "scheduler"], UpdateSchedule: [["Target.RoleArn"], "scheduler"] },
  ssm: {
    CreateActivation: [["IamRole"], "ssm"],
    StartAutomationExecution: [["Parameters.AutomationAssumeRole"], "ssm"],
  },
  stepfunctions: { CreateStateMachine: [["roleArn"], "states"], UpdateStateMachine: [["roleArn"], "states"] },
};

/** One demand for each role that the call hands on. */
export function passRoleDemands(service: string, operation: string, call: CallToAuthorize): readonly Demand[] {
  const operations = Object.hasOwn(PASSED, service) ? PASSED[service] : undefined;
  const passed = operations !== undefined && Object.hasOwn(operations, operation) ? operations[operation] : undefined;
  if (passed === undefined) return [];
  const [paths, to] = passed;
  const roles = paths.flatMap((path) => valuesAt(call.input ?? {}, path)).filter((role) => role !== "");
  return roles.map((role) => ({
    action: "iam:PassRole",
    resources: [roleArn(role, call)],
    conditions: { "iam:PassedToService": [`${to}.amazonaws.com`] },
  }));
}

/** Roles may be given by name. An instance profile is taken for the role of its name: it seldom has another. */
function roleArn(role: string, { account, circumstances }: CallToAuthorize): string {
  if (role.startsWith("arn:")) return role.replace(":instance-profile/", ":role/");
  return `arn:${partitionOf(circumstances.region)}:iam::${account}:role/${role}`;
}
