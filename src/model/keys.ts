/** HMAC of the credential, base64url: who may see an answer. */
export type TenantId = string & { readonly brand: "TenantId" };
/** SHA-256 over everything that is compared by equality, base64url: prompts are compared inside one partition only. */
export type PartitionKey = string & { readonly brand: "PartitionKey" };
/** SHA-256 over the partition and the prompt as it was sent, base64url. */
export type ExactKey = string & { readonly brand: "ExactKey" };
