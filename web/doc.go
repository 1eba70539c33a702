// Package web holds the pages for people: signing in, writing messages, the list of what was sent and the story of each.
//
// The procedure:
//
//  1. app gives New what the pages are about (Options), and mounts Server.Handler at each of Server.Paths.
//  2. A request passes http.CrossOriginProtection, gets the headers that every answer has (a strict Content-Security-Policy
//     among them), and is served by one line of the table of pages, which says what right it takes.
//  3. A page without a session leads to /signin. A session is a random token in a cookie, of which only the hash is kept; the
//     user and the account are looked up anew for each request, so that a change to either holds at once.
//  4. Where there is no user yet, a link with a one-time token (Server.SetupLink) makes the first one.
//  5. What the user may is that of the role, for the own account and those below it, one of which the user acts for (acting.go).
//  6. Pages of lists and of the console ask our own REST interface, from within the program (rest.go): the same checks, filters,
//     order and pages. A list is a line of the table (list.go), and gives a page or a file.
//  7. A page reads and changes by the same code of gateway and resource as REST, as the user's account, and is rendered by a
//     template with the words of the user's language (words.go). Every page works without JavaScript.
package web
