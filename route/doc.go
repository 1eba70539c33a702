// Package route decides by which links a message may go, and what a number or a sender means.
//
// The procedure, for each message:
//
//  1. Normalise makes an Address of the recipient as the customer wrote it (number.go has the rules).
//  2. Sender does the same for the sender (sender.go).
//  3. Table.Choose finds the first rule that matches recipient, sender and account, and gives its links in the order
//     in which they are to be tried. Table.Explain says of every rule whether it matched, and why not.
//
// A Table is compiled once per configuration and does not change. The package is pure: no database, no network, no
// clock.
package route
