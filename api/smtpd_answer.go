package api

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-smtp"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/mail"
	"kurir/message"
)

// Answers by mail are mails to an address of MailTokens, which only those know who have the mail of what a phone wrote:
//
//  1. RCPT: the address is permission enough, whoever writes from wherever. The message from the phone is read, and it is looked
//     at whether the phone can be written to. One that is gone, or an address that is none of ours, is refused.
//  2. DATA: what a program answers by itself, what goes in circles and what comes by a mailing list is taken and dropped: a
//     refusal would only make another mail.
//  3. What its author wrote above what he quotes and without his signature becomes a message to the phone, from the number that
//     this wrote to, on the account of the message from the phone.
//  4. A mail that comes again, with the same Message-ID to the same addresses, is answered as the first time for a day
//     (gateway.Keyed).
//
// The author is kept with the message, so that the phone's next message goes to him (gateway: the last writer).

// smtpAnswers is the gateway as answers by mail need it.
type smtpAnswers interface {
	InboundMessage(ctx context.Context, account string, id message.ID) (*message.Inbound, error)
	AnswerTo(in *message.Inbound) (*gateway.Submission, *message.Failure)
	AnswerEscalation(ctx context.Context, account string, inbound message.ID, by, text string) (taken bool, err error)
	Claim(ctx context.Context, k *gateway.Keyed) (answer []byte, err error)
	Release(k *gateway.Keyed)
}

// smtpMixed is the reply to a recipient that another mail is needed for.
func smtpMixed(to string) *smtp.SMTPError {
	return smtpRefuse(452, "4.5.3", "<%s>: answers to phones and mails to other numbers do not go together: send another mail", to)
}

// answerRecipient takes a recipient at which a message from a phone is answered; false if it is another kind of address.
func (s *smtpSession) answerRecipient(to string, dsn *smtp.RcptOptions) (bool, *smtp.SMTPError) {
	tokens := s.s.o.Tokens()
	if !tokens.Alike(to) {
		if len(s.to) > 0 && s.to[0].answers != nil {
			return true, smtpMixed(to)
		}
		return false, nil
	}
	id, ok := tokens.Read(to)
	if !ok {
		return true, smtpRefuse(550, "5.1.1", "<%s>: no message from a phone is answered at this address; answer to the Reply-To of its mail as it stands", to)
	}
	if len(s.to) > 0 && s.to[0].answers == nil {
		return true, smtpMixed(to)
	}
	ctx, cancel := context.WithTimeout(context.Background(), smtpAskWait)
	defer cancel()
	in, err := s.s.core.InboundMessage(ctx, "", id)
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return true, smtpRefuse(550, "5.1.1", "<%s>: the message from the phone is gone, and can be answered no more; write to the phone's number", to)
	case err != nil:
		return true, smtpRefuse(451, "4.3.0", "the database did not answer in time; try again later")
	}
	sub, f := s.s.core.AnswerTo(in)
	if f == nil {
		trial := *sub
		trial.Via, trial.Content.Text = message.ViaSMTP, "x"
		_, f = s.s.core.Preview(&trial)
	}
	switch {
	case f != nil:
		return true, smtpFailed(to, f)
	case s.of != nil && s.of.Name != sub.Account.Name:
		return true, smtpRefuse(452, "4.5.3", "<%s> is for account %s, and recipients before it for %s: send another mail", to, sub.Account.Name, s.of.Name)
	}
	s.of, s.mail = sub.Account, sub.Account.Mail.At(tokens.Domain)
	s.to = append(s.to, smtpRecipient{written: to, dsn: dsn, answers: in, answer: sub})
	return true, nil
}

// takeAnswer makes messages of a mail that answers phones.
func (s *smtpSession) takeAnswer(letter *mail.Letter) *smtp.SMTPError {
	if len(letter.Headers("Received")) > smtpMostHops {
		return smtpCircles()
	}
	if why := s.automatic(letter); why != "" {
		s.s.counts.dropped.Add(1)
		s.s.o.Log.Info("an automatic answer by mail was not sent to a phone", "account", s.of.Name, "author", clip(s.author), "peer", s.peer, "why", why)
		return smtpRefuse(250, "2.0.0", "taken, and not sent to a phone: %s", why)
	}
	rule := MailRule(s.mail)
	rule.KeepQuoted, rule.KeepSignature, rule.KeepDisclaimers, rule.CutAll = false, false, false, true
	text := rule.Body(letter)
	if text == "" {
		return smtpRefuse(554, "5.6.0", "the answer has no text of its own above what it quotes")
	}
	key := answerKey(s.of, s.to, letter.ID)
	if key == nil {
		return s.takes(text, false, s.acceptAnswers(s.answers(letter, text, nil)))
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.s.o.AcceptWait)
	defer cancel()
	made, err := s.s.core.Claim(ctx, key)
	if made != nil || err != nil {
		return s.takes(text, true, answeredBefore(s.to[0].written, made, err)) // what was accepted then may not have taken anything
	}
	defer s.s.core.Release(key)
	reply := s.acceptAnswers(s.answers(letter, text, key))
	if made, err := key.Lost(); made != nil || err != nil {
		return s.takes(text, true, answeredBefore(s.to[0].written, made, err))
	}
	return s.takes(text, true, reply)
}

// takes has an answer that is accepted take what the message from the phone has begun, if it begins with an agreed word
// (docs/rota.md). Where that is not on disk the mail is put off, if it is known again when it comes again.
func (s *smtpSession) takes(text string, again bool, reply *smtp.SMTPError) *smtp.SMTPError {
	if reply.Code != 250 {
		return reply
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.s.o.AcceptWait)
	defer cancel()
	for i := range s.to {
		id := s.to[i].answers.ID
		if _, err := s.s.core.AnswerEscalation(ctx, s.of.Name, id, clip(s.author), text); err != nil {
			s.s.o.Log.Error("an answer by mail does not take the message", "inbound", id, "account", s.of.Name, "error", err)
			if again {
				return smtpRefuse(451, "4.3.0", "it was sent, and could not take the message to the rota; try again later")
			}
		}
	}
	return reply
}

// acceptAnswers accepts them. What an author may write holds for what a phone gets, too: who answers may call himself as he likes.
func (s *smtpSession) acceptAnswers(all []smtpSubmission) *smtp.SMTPError {
	now, phones := s.s.o.Now(), make([]string, 0, len(all))
	giveBack := func() {
		for _, phone := range phones {
			s.s.authors.giveBack(s.of, s.mail, phone, 1)
		}
	}
	for i := range all {
		phone := "phone " + all[i].ToAddr.Number
		if over, most := s.s.authors.take(s.of, s.mail, phone, 1, now); over != "" {
			giveBack()
			return smtpRefuse(452, "4.7.1", "<%s>: the phone may get %d answers a %s, and they are used up", all[i].of.written, most, over)
		}
		phones = append(phones, phone)
	}
	reply := s.accept(all)
	if reply.Code != 250 {
		giveBack()
	}
	return reply
}

// automatic says why nobody has written the mail to the phone; empty if a person may have.
func (s *smtpSession) automatic(letter *mail.Letter) string {
	for _, own := range []string{"X-Kurir-Id", "X-Kurir-Loop"} {
		if letter.Header(own) != "" {
			return "it is a mail of ours that came back (" + own + ")"
		}
	}
	if origin, why := letter.Origin(s.author); origin.Reaction() || origin == mail.List {
		return why
	}
	return ""
}

// answers makes a message to each phone that is answered.
func (s *smtpSession) answers(letter *mail.Letter, text string, key *gateway.Keyed) []smtpSubmission {
	all := make([]smtpSubmission, 0, len(s.to))
	for i := range s.to {
		r := &s.to[i]
		sub := *r.answer
		sub.Via, sub.MaxParts, sub.Keyed = message.ViaSMTP, s.mail.MaxParts, key
		sub.Content = message.Content{Text: text, Want: gsm.Auto, Class: gsm.NoClass, Extra: s.of.Extra(nil)}
		if sub.Reference = letter.ID; len(letter.ID) > maxReference {
			sub.Reference = ""
		}
		s.notify(&sub, r, letter)
		sub.Atomic, sub.Batch = true, len(s.to) > 1
		all = append(all, smtpSubmission{Submission: &sub, of: r})
	}
	return all
}

// answerKey is by which a mail that comes again is known: its Message-ID and the addresses. nil if it has none.
func answerKey(a *account.Account, to []smtpRecipient, id string) *gateway.Keyed {
	if id == "" {
		return nil
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d %s", len(id), id)
	for i := range to {
		fmt.Fprintf(h, " %s", to[i].answers.ID)
	}
	sum := h.Sum(nil)
	k := &gateway.Keyed{Account: a.Name, Key: "answer by mail " + base32.StdEncoding.EncodeToString(sum[:16])}
	copy(k.Request[:], sum[16:])
	k.Answer = func(results []gateway.Result) []byte {
		for i := range results {
			if results[i].Failure == nil {
				return []byte(results[i].ID.String())
			}
		}
		return nil
	}
	return k
}

// answeredBefore is the reply to a mail that came again.
func answeredBefore(to string, made []byte, err error) *smtp.SMTPError {
	failure := (*message.Failure)(nil)
	switch {
	case errors.As(err, &failure):
		return smtpFailed(to, failure)
	case err != nil:
		return smtpRefuse(451, "4.3.0", "the same mail is still being taken; try again later")
	}
	return smtpRefuse(250, "2.0.0", "accepted before as message %s", made)
}

// Alike tells whether an address has the form of those that Address makes, in our domain.
func (t *MailTokens) Alike(address string) bool {
	if t == nil || t.Domain == "" || len(t.Key) == 0 {
		return false
	}
	at := strings.LastIndexByte(address, '@')
	return at > 0 && strings.EqualFold(address[at+1:], t.Domain) && strings.HasPrefix(strings.ToLower(address), mailTokenPrefix)
}
