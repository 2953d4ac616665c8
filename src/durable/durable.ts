import type { Task } from "durable-functions";

/** A piece of an orchestration that ends in a T: delegate to it with `yield*`. */
export type Durable<T> = Generator<Task, T, unknown>;
