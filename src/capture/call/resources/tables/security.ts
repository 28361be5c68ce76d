import { aliasName, keyId, wafEntity } from "../forms.ts";
import type { ResourceRows } from "../row.ts";

/**
 * Identities, keys, secrets, and what guards them. IAM's names stand for the path `/` where a call does not tell the path;
 * the answer, where it has the ARN, knows better and wins.
 */
export const SECURITY: ResourceRows = {
  iam: [
    ["AWS::IAM::User", "arn:{partition}:iam::{account}:user{Path|/}{}", "UserName >User.Arn"],
    ["AWS::IAM::Role", "arn:{partition}:iam::{account}:role{Path|/}{}", "RoleName >Role.Arn"],
    ["AWS::IAM::Group", "arn:{partition}:iam::{account}:group{Path|/}{}", "GroupName >Group.Arn"],
    [
      "AWS::IAM::Policy",
      "arn:{partition}:iam::{account}:policy{Path|/}{}",
      "PolicyArn CreatePolicy:PolicyName >Policy.Arn",
    ],
    [
      "AWS::IAM::InstanceProfile",
      "arn:{partition}:iam::{account}:instance-profile{Path|/}{}",
      "InstanceProfileName >InstanceProfile.Arn",
    ],
    [
      "AWS::IAM::ServerCertificate",
      "arn:{partition}:iam::{account}:server-certificate{Path|/}{}",
      "ServerCertificateName >ServerCertificateMetadata.Arn",
    ],
    ["AWS::IAM::VirtualMFADevice", "", "SerialNumber >VirtualMFADevice.SerialNumber"],
    ["AWS::IAM::SAMLProvider", "", "SAMLProviderArn >SAMLProviderArn"],
    ["AWS::IAM::OIDCProvider", "", "OpenIDConnectProviderArn >OpenIDConnectProviderArn"],
  ],
  sts: [["AWS::IAM::Role", "arn:{partition}:iam::{account}:role/{}", "RoleArn"]],
  kms: [
    [
      "AWS::KMS::Key",
      "key/{}",
      "KeyId TargetKeyId SourceKeyId DestinationKeyId >KeyId >SourceKeyId >KeyMetadata.Arn >ReplicaKeyMetadata.Arn",
      keyId,
    ],
    ["AWS::KMS::Alias", "{}", "AliasName KeyId SourceKeyId DestinationKeyId", aliasName],
  ],
  secretsmanager: [["AWS::SecretsManager::Secret", "secret:{}-*", "SecretId SecretIdList[] CreateSecret:Name >ARN"]],
  acm: [["AWS::CertificateManager::Certificate", "", "CertificateArn >CertificateArn"]],
  "acm-pca": [["AWS::ACMPCA::CertificateAuthority", "", "CertificateAuthorityArn >CertificateAuthorityArn"]],
  "cognito-idp": [["AWS::Cognito::UserPool", "userpool/{}", "UserPoolId >UserPool.Arn"]],
  "cognito-identity": [["AWS::Cognito::IdentityPool", "identitypool/{}", "IdentityPoolId >IdentityPoolId"]],
  guardduty: [["AWS::GuardDuty::Detector", "detector/{}", "DetectorId >DetectorId"]],
  wafv2: [
    ["AWS::WAFv2::WebACL", "{}", "*WebACL:Name", wafEntity("webacl")],
    ["AWS::WAFv2::WebACL", "", "WebACLArn CreateWebACL:>Summary.ARN"],
    ["AWS::WAFv2::IPSet", "{}", "*IPSet:Name", wafEntity("ipset")],
    ["AWS::WAFv2::IPSet", "", "CreateIPSet:>Summary.ARN"],
    ["AWS::WAFv2::RuleGroup", "{}", "*RuleGroup:Name", wafEntity("rulegroup")],
    ["AWS::WAFv2::RuleGroup", "", "CreateRuleGroup:>Summary.ARN"],
  ],
  organizations: [
    ["AWS::Organizations::Account", "arn:{partition}:organizations::{account}:account/*/{}", "AccountId >Account.Arn"],
    [
      "AWS::Organizations::OrganizationalUnit",
      "arn:{partition}:organizations::{account}:ou/*/{}",
      "OrganizationalUnitId >OrganizationalUnit.Arn",
    ],
    [
      "AWS::Organizations::Policy",
      "arn:{partition}:organizations::{account}:policy/*/*/{}",
      "PolicyId >Policy.PolicySummary.Arn",
    ],
    ["AWS::Organizations::Organization", "", ">Organization.Arn"],
  ],
  rolesanywhere: [
    ["AWS::RolesAnywhere::TrustAnchor", "trust-anchor/{}", "trustAnchorId >trustAnchor.trustAnchorArn"],
    ["AWS::RolesAnywhere::Profile", "profile/{}", "profileId >profile.profileArn"],
  ],
};
