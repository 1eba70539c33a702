// Package mail reads and writes mail, and hands it to an SMTP server. It knows
// nothing of Kurir. From a mail to the text of a short message:
//
//  1. Read goes through a mail once, line by line, and keeps its text, decoded, and
//     the names of what else there is. What is broken is read as far as it goes; size,
//     parts, nesting and text are bounded (Limits).
//  2. Letter.Origin tells whether a person wrote it, or a program: an alarm system, an
//     auto-responder, a mail server that could not deliver. Only a person is ever
//     answered by a program (RFC 3834). Letter.Bounces says what a delivery report
//     says.
//  3. ParseRecipient reads the address that it was sent to: a number, a group, a rota,
//     a person; with options. ParseSubject takes options off the subject.
//  4. Rule.Text makes the text: subject and body, without signatures, what is quoted,
//     and disclaimers.
//
// The other way, Message is a mail that is written, and Server.Send hands it on.
//
// A mail's structure is read here and not by a library, because those stop at the
// first line that is wrong: a header's line without a colon, a boundary that never
// comes, an equals sign that begins no octet. An alarm is not to be lost for that.
package mail
