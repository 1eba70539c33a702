package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"kurir/message"
)

// problemKind is a kind of mistake: the member "type" of its problem documents is
// problemsPath and its code, which is the address of a page about it.
type problemKind struct {
	code   string
	title  string
	advice string // what to do
}

const problemsPath = "/problems/"

// problemKinds are all of them, in the order of docs/problems.md, which says the
// same: a test compares.
var problemKinds = []problemKind{
	{codeBadRequest, "The request is no HTTP", "Send it with a library for HTTP."},
	{codeBadJSON, "The body is no JSON", "Write it with a library for JSON; detail says at which octet the mistake is."},
	{codeWrongType, "A value is of the wrong type", "Write the field as docs/api.md has it; errors names it."},
	{codeUnknownField, "There is no such field", "Correct its name, or leave it out."},
	{codeTwice, "Something is given twice", "Leave one of them out."},
	{codeBadUTF8, "A text is no UTF-8", "Write texts in UTF-8, in whole characters."},
	{codeBadValue, "A value is not possible", "Correct the field or parameter that errors names."},
	{codeRequired, "Something is missing", "Add the field that errors names."},
	{codeUnknownQuery, "There is no such parameter", "Correct its name, or leave it out."},
	{codeUnauthorized, "Not signed in", "Send an API key (Bearer), or the account's name and password (Basic), that are right."},
	{message.NoMoney.Code(), "The balance does not suffice", "Have the balance topped up; detail says what is missing."},
	{codeAddress, "The account may not be used from there", "Send from an address that the account or key allows, or have the address added."},
	{codeNotAdmin, "Only for administrators", "Sign in as an account with admin: true."},
	{codeScope, "The API key lacks a scope", "Use a key with the scope that detail names."},
	{message.NotPermitted.Code(), "The account may not do this", "Ask whoever keeps the configuration; detail says what is not permitted."},
	{message.Blocked.Code(), "A list blocks the message", "Leave the recipient out, or have the list changed."},
	{message.OptedOut.Code(), "The recipient has opted out", "Do not write to him; he may opt in again."},
	{message.NotOpened.Code(), "The country is not opened", "Have the recipient's country opened for the account."},
	{codeNotFound, "There is no such thing", "Correct the path, id or name; what is somebody else's is not shown."},
	{codeMethod, "The method is not possible here", "Use one of those in the header Allow."},
	{codeUnderWay, "The same request is under way", "Send it again after Retry-After seconds, with the same Idempotency-Key."},
	{codeFinal, "It is over", "Nothing can be changed any more; read its state."},
	{codeNotFinal, "It is not over yet", "Wait until its state is final, or cancel it."},
	{codeTooLate, "An operator has it, or is about to", "It cannot be changed any more; read its state."},
	{codeRunning, "A job like it is running", "Wait until it has ended, or stop it: /v1/jobs."},
	{codeLinkState, "The link's state does not allow it", "Read the link's state, and do what detail says."},
	{codeNoBalance, "The account has no balance", "Have it given one in the configuration: balance: {}."},
	{codeNoOptOut, "The account keeps no opt-outs", "Have opt-outs configured for the account."},
	{codeInFile, "It stands in the file", "Change it in the configuration file, at the place that detail names."},
	{codeTaken, "The name is taken", "Use another name, or change what has it by PUT or PATCH."},
	{codeNeeded, "Others need it", "Change or delete first what detail names."},
	{codeGone, "Not all of it is kept any more", "Begin anew, without the position, and read what was missed from the lists."},
	{codeOutdated, "It was changed meanwhile", "Read it again, and repeat the change with its new ETag."},
	{codeTooLarge, "The request is too large", "Send less at once: several requests, or a stream of lines."},
	{codeEncoding, "The coding of the body is not known", "Send it uncompressed or with gzip."},
	{codeContentType, "The media type is not possible here", "Set Content-Type to what detail names."},
	{message.BadRecipient.Code(), "A recipient is not valid", "Correct the number; with a country code it is unambiguous."},
	{message.BadSender.Code(), "The sender is not valid or not allowed", "Use a number, a short code or at most 11 characters that the account may send as."},
	{message.BadContent.Code(), "The content is not acceptable", "Correct the field that errors names."},
	{message.NoRoute.Code(), "No route leads to the recipient", "Have a route added for the number; POST /v1/routes/explain shows those there are."},
	{message.NoPrice.Code(), "There is no price for the recipient", "Have the price list completed."},
	{message.BadDimension.Code(), "A cost dimension is missing or not known", "Send the dimensions that the account needs, with values that they may have."},
	{message.Repeated.Code(), "The same text went there a short time ago", "Do not send it again, or wait."},
	{message.Withheld.Code(), "Others of an atomic request were refused", "Correct those, or send without atomic."},
	{message.Loop.Code(), "The message goes in circles", "Change the routes of the gateways that are routed at each other."},
	{message.Refused.Code(), "The operator refuses the message", "Look at the operator's code in detail."},
	{message.TooOld.Code(), "The validity is over", "Send it again with a longer validity."},
	{codeKeyTaken, "Another request came under this key", "Use another Idempotency-Key for another request."},
	{codeTooMany, "Too many at once", "Send fewer in one request; with 429 or 503 wait Retry-After seconds."},
	{codeRefused, "No message was accepted", "Look at errors, which has one entry for each recipient."},
	{codeNoBook, "There is no book of one's own", "Leave book out: it is of users of the web pages alone."},
	{codeAmbiguous, "The name means several", "Use the name that detail gives for the one that is meant."},
	{message.Overloaded.Code(), "Too much at once", "Send it again after Retry-After seconds, and slower."},
	{message.LimitReached.Code(), "The account has had what it may for now", "Wait until the time that detail names, or have the limit raised."},
	{message.Throttled.Code(), "The operator asks for less speed", "Send it again after Retry-After seconds."},
	{codeTooManyLogins, "Too many failed logins", "Correct the credentials, and wait Retry-After seconds."},
	{message.StoreFull.Code(), "The database cannot be written", "Send it again after Retry-After seconds; nothing was accepted. Whoever keeps the server looks at its log."},
	{codeUnreadable, "The database cannot be read", "Send it again after Retry-After seconds."},
	{message.Busy.Code(), "The operator cannot take it now", "Send it again after Retry-After seconds."},
	{message.LinkDown.Code(), "The link to the operator is down", "Send it again after Retry-After seconds."},
	{message.Stopping.Code(), "The server is stopping", "Send it again after Retry-After seconds; nothing was accepted."},
	{codeTimeout, "It took too long", "With 503 nothing was done: send it again after Retry-After seconds. With 504 it may have been: send it again with the same Idempotency-Key, or look first."},
	{codeNotRead, "The answer was not read", "Read the results while you send, or ask for ?summary=true; go on from next_line."},
	{message.NoAnswer.Code(), "The operator did not answer", "Read the message's state: the operator may have it."},
	{message.Absent.Code(), "The phone is off", "Nothing: it is tried again until the validity is over."},
	{message.MemoryFull.Code(), "The phone has no room", "Nothing: it is tried again until the validity is over."},
	{codeInternal, "A mistake in Kurir", "Report it; the server's log has it."},
}

// kindOf returns the kind of mistake with a code; one that is not in the table has
// no page.
func kindOf(code string) (problemKind, bool) {
	i := slices.IndexFunc(problemKinds, func(k problemKind) bool { return k.code == code })
	if i < 0 {
		return problemKind{}, false
	}
	return problemKinds[i], true
}

// getProblem is GET /problems/CODE: what a problem document's type means.
func (s *httpServer) getProblem(w http.ResponseWriter, r *http.Request) {
	k, known := kindOf(strings.TrimPrefix(r.URL.Path, problemsPath))
	switch {
	case known:
		plain(w, http.StatusOK, fmt.Sprintf("%s: %s\n\n%s\n", k.code, k.title, k.advice))
	case r.URL.Path == problemsPath:
		var page strings.Builder
		for _, k := range problemKinds {
			fmt.Fprintf(&page, "%s%s: %s\n    %s\n", problemsPath, k.code, k.title, k.advice)
		}
		plain(w, http.StatusOK, page.String())
	default:
		s.notFound(w, r)
	}
}
