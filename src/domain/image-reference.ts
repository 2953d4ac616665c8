/** Which image a container is made from: where it is pulled, from which repository, by which tag or digest. */
export interface ImageReference {
  readonly host: string;
  readonly repository: string;
  readonly reference: string;
}

/** Reads an image's name as container runtimes do: without a host it is Docker Hub's, without a tag `latest`. */
export function parseImage(image: string): ImageReference {
  const [named = "", digest] = image.split("@");
  const first = named.split("/")[0] ?? "";
  const hasHost = named.includes("/") && (/[.:]/.test(first) || first === "localhost");
  const path = hasHost ? named.slice(first.length + 1) : named;
  const [, repository = path, tag = "latest"] = /^(.*):([^/:]*)$/.exec(path) ?? [];
  return {
    host: hasHost ? first.toLowerCase() : "docker.io",
    repository: hasHost || repository.includes("/") ? repository : `library/${repository}`,
    reference: digest ?? tag,
  };
}
