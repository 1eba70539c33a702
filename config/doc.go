// Package config reads the file that describes a server, and says everything that is wrong with it at once.
//
// The procedure of Load:
//
//  1. The file is parsed as YAML (parse.go); a syntax error ends it there.
//  2. Every value is put into its field (decode.go): unknown fields, wrong kinds of values and ${env:NAME} and
//     ${file:path} that lead nowhere (expand.go) are noted with line and column, and the rest goes on.
//  3. Each part is asked whether it is right in itself (its Validate), then whether all fit together: names that are
//     given twice, links and accounts that are named and do not exist (check.go).
//  4. The mistakes are sorted by line. A file with one is not used.
//
// The structs stand beside what they configure (account.Account, route.Rule, the connectors); those of the server
// itself are in file.go. The reference in docs/configuration.md and the annotated example.yaml are made from them.
package config
