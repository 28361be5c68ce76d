/** One version of the model; no text: a delete marker. */
export interface ModelVersion {
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly deleteMarker: boolean;
  readonly text: string | undefined;
}

/** What a bucket holds, said as simply as it can be: lists of versions by key, the newest last. */
export class ModelBucket {
  versioning: "Enabled" | "Suspended" | undefined;
  readonly #keys = new Map<string, { readonly versionId: string; readonly text: string | undefined }[]>();

  put(key: string, versionId: string, text: string): void {
    if ((versionId === "null") !== (this.versioning !== "Enabled")) throw new Error(`version ${versionId} of ${key}`);
    this.#add(key, versionId, text);
  }

  delete(key: string, versionId: string | undefined): void {
    if (this.versioning === undefined) this.#keys.delete(key);
    else if (versionId === undefined) throw new Error(`no delete marker of ${key}`);
    else this.#add(key, versionId, undefined);
  }

  deleteVersion(key: string, versionId: string): void {
    const rest = (this.#keys.get(key) ?? []).filter((version) => version.versionId !== versionId);
    if (rest.length === 0) this.#keys.delete(key);
    else this.#keys.set(key, rest);
  }

  /** By key, the newest first. */
  versions(): readonly ModelVersion[] {
    return [...this.#keys]
      .toSorted(([one], [other]) => compareBytes(one, other))
      .flatMap(([key, versions]) =>
        versions.toReversed().map(({ versionId, text }, index) => ({
          key,
          versionId,
          isLatest: index === 0,
          deleteMarker: text === undefined,
          text,
        })),
      );
  }

  /** Keys and common prefixes. */
  list(prefix: string, delimiter: string): readonly string[] {
    const visible = this.versions().filter(({ isLatest, deleteMarker }) => isLatest && !deleteMarker);
    return fold(visible, prefix, delimiter, ({ key }) => key);
  }

  foldedVersions(prefix: string, delimiter: string, describe: (version: ModelVersion) => string): readonly string[] {
    return fold(this.versions(), prefix, delimiter, describe);
  }

  #add(key: string, versionId: string, text: string | undefined): void {
    const others = (this.#keys.get(key) ?? []).filter((version) => version.versionId !== versionId);
    this.#keys.set(key, [...others, { versionId, text }]);
  }
}

function fold(
  versions: readonly ModelVersion[],
  prefix: string,
  delimiter: string,
  describe: (version: ModelVersion) => string,
): readonly string[] {
  const names = versions
    .filter(({ key }) => key.startsWith(prefix))
    .map((version) => {
      const end = delimiter === "" ? -1 : version.key.indexOf(delimiter, prefix.length);
      return end === -1 ? describe(version) : version.key.slice(0, end + delimiter.length);
    });
  return [...new Set(names)];
}

/** The order of S3: by the bytes of UTF-8. */
export function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
