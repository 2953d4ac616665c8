/** A query that is refused: because of its text, or because of what it names. */
export class KqlError extends Error {
  readonly kind: "SyntaxError" | "SemanticError";

  constructor(kind: "SyntaxError" | "SemanticError", message: string) {
    super(message);
    this.name = "KqlError";
    this.kind = kind;
  }
}
