// The tests' globals (describe, it). They stand here, not in tsconfig.json: the program compiles without mocha.
/// <reference types="mocha" />
