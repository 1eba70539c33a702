// Package resource describes the nouns that people make and list, and is the one way in which lists are filtered, sorted
// and paged.
//
// What people make is a Setting (setting.go): package config reads and checks it, wherever it comes from; package app keeps what
// was made over REST and puts a Change of it into force.
//
// The procedure of a list:
//
//  1. A Noun says which fields a list can be filtered and sorted by (nouns.go).
//  2. Noun.Parse turns the parameters of a request into a Query, or says of every parameter what is wrong with it
//     (query.go):
//     state=delivered,expired&to=+46701234567&since=2026-11-01&sort=-id&limit=100&cursor=...
//  3. Whoever has the data takes the Query: MessageFilter puts it into the store's terms (nouns.go).
//  4. Query.Next makes the address of the page that follows, with a cursor (cursor.go) that goes on behind the last
//     row, wherever rows came and went in between.
package resource
