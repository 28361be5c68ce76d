declare const brand: unique symbol;

/** A value that only its parser can make: the type says that the rules of `Name` have held. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name };
