// Package account holds who may send through Kurir, and how much: names, credentials, permitted senders, address
// ranges, rates and defaults of each customer.
//
// The procedure:
//
//  1. The file (package config) gives a list of Account; Validate says what is wrong with each.
//  2. NewDirectory makes an immutable Directory of them, looked up by name, API key, system_id or number. A reload makes a new
//     Directory from the previous one, so that a rate goes on where it was.
//  3. An interface takes the credentials of a request to Directory.ByAPIKey or Verifier.Authenticate, and the address it
//     came from to MayComeFrom.
//  4. package gateway asks MaySend and Take for each message.
//
// The package is pure: no database, no network, no clock but an argument.
package account
