// Package signin is what people sign in to the web pages with, and where they are signed in.
//
// The procedure:
//
//  1. Who has given name and password (account.Verifier) gets a session: Book.Begin makes a random token for the browser and keeps
//     its SHA-256 in the store, where every server that shares the database finds it, also after a restart.
//  2. Is there a second factor (Book.Factor), the session waits: it is good for nothing but giving a code. Book.Check takes a code of
//     the person's device (TOTP, RFC 6238) or one of the recovery codes, each once, and slower and slower after wrong ones. With
//     that a session of another token begins.
//  3. Book.Find gives the session of a token, for each request anew, so that one that is ended anywhere is over at once. It is bound to
//     the password with which it began (Session.Of): with another one it is over, too.
//  4. Links that are good once (Book.MakeLink) let somebody in who has no password yet or has forgotten it, and make the first user.
//     The store has their SHA-256; of two who take one at a time one gets it.
//
// Other ways to sign in (OIDC, LDAP) end in the first step: whoever has found out who somebody is calls Begin, with waits as that way
// leaves it to say. web.Options.Check is where they find out.
package signin
