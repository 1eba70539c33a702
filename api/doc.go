// Package api is the side towards the customers, a file (or a prefix) per kind
// of interface.
//
// What comes in, over HTTP:
//
//  1. http.go: every request passes a limit on time and size and a guard
//     against panics, and is led to its interface by its path. What net/http
//     answers by itself is put into the interface's words (http_answers.go).
//  2. http_auth.go: key, or name and password, become an account; wrong ones
//     are slowed down per address, and refused per address and name or key when
//     too many come at once.
//  3. rest*.go and kannel*.go read the request in their own dialect, build a
//     gateway.Submission per recipient, hand all of a request to the gateway
//     at once (submit.go), and answer when the gateway says what is on disk. A
//     stream of lines is handed over piece by piece (rest_stream.go).
//  4. A mistake is answered in the dialect's own words: problem documents
//     (http_problem.go) over REST, Kannel's sentences over sendsms. Which kind
//     of failure is which status stands in one table per dialect.
//
// What goes out:
//
//  5. webhook.go and kannel_callback.go are the gateway's Receivers for
//     webhooks and for Kannel's dlr-url. Both queue what they are given in a
//     callQueue (call_queue.go), which keeps a bounded number of workers per
//     account and in all, and call through an httpCaller each (call_http.go),
//     which lets servers rest that do not answer (call_breaker.go).
//  6. call_guard.go decides which addresses may be called: those that stand in
//     the file, and those that a request names unless they are private.
//
// SMPP has its files too, smpp*.go, and so have mails to phones, smtpd*.go.
package api
