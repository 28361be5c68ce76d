import { Refusal } from "../../core/index.ts";

/** CloudWatch's errors, in its own names. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html */
export function invalidValue(message: string): Refusal {
  return new Refusal("InvalidParameterValue", message);
}

export function invalidCombination(message: string): Refusal {
  return new Refusal("InvalidParameterCombination", message);
}

export function missingParameter(name: string): Refusal {
  return new Refusal("MissingParameter", `The parameter ${name} is required.`);
}

/** What PutMetricAlarm and GetMetricData say of inputs that the model lets through. */
export function invalid(message: string): Refusal {
  return new Refusal("ValidationError", message);
}

export function noAlarm(message: string): Refusal {
  return new Refusal("ResourceNotFound", message, 404);
}

export function invalidToken(): Refusal {
  return new Refusal("InvalidNextToken", "The next token specified is invalid.");
}
