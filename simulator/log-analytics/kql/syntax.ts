/** A query as it is written. */
export interface Query {
  readonly source: Source;
  readonly operators: readonly Operator[];
}

export interface Source {
  readonly tables: readonly string[];
  /** Tables that do not exist are left out. */
  readonly fuzzy: boolean;
}

export type Operator =
  | { readonly kind: "where"; readonly condition: Expression }
  | { readonly kind: "extend" | "project"; readonly columns: readonly NamedExpression[] }
  | {
      readonly kind: "summarize";
      readonly aggregates: readonly NamedExpression[];
      readonly by: readonly NamedExpression[];
    }
  | { readonly kind: "order"; readonly by: readonly Ordering[] }
  | { readonly kind: "top"; readonly count: number; readonly by: Ordering }
  | { readonly kind: "take"; readonly count: number }
  | { readonly kind: "count" };

export interface NamedExpression {
  readonly name: string | undefined;
  readonly expression: Expression;
}

export interface Ordering {
  readonly expression: Expression;
  readonly ascending: boolean;
}

export type Scalar = string | number | boolean | Date | null;

/** A `dynamic` is held as the JSON that it is written as. */
export type KqlType = "string" | "long" | "real" | "bool" | "datetime" | "timespan" | "dynamic";

export type BinaryOperator =
  | "and"
  | "or"
  | "=="
  | "!="
  | "=~"
  | "!~"
  | "<"
  | "<="
  | ">"
  | ">="
  | "contains"
  | "!contains"
  | "startswith"
  | "!startswith"
  | "endswith"
  | "!endswith"
  | "has"
  | "!has"
  | "+"
  | "-"
  | "*"
  | "/";

export type Expression =
  | { readonly kind: "literal"; readonly type: KqlType; readonly value: Scalar }
  | { readonly kind: "column"; readonly name: string }
  | { readonly kind: "member"; readonly of: Expression; readonly name: string }
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "in";
      readonly value: Expression;
      readonly list: readonly Expression[];
      readonly negated: boolean;
      readonly ignoreCase: boolean;
    }
  | {
      readonly kind: "between";
      readonly value: Expression;
      readonly from: Expression;
      readonly to: Expression;
    };
