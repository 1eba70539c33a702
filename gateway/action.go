package gateway

import (
	"cmp"
	"fmt"
	"strings"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

// InboundAction is one thing that is done with an inbound message, such as a place that it goes to. Of webhook, kannel,
// jasmin, twilio, smpp, mailbox, mail, reply, forward, tag, register and command exactly one is given.
type InboundAction struct {
	// Webhook is the address that the message is pushed to.
	Webhook string `yaml:"webhook" example:"http://127.0.0.1:9000/in"`
	// Kannel calls a service as Kannel's sms-service does.
	Kannel Service `yaml:"kannel"`
	// Jasmin is an address that is called as Jasmin calls with inbound messages (docs/compatibility.md).
	Jasmin string `yaml:"jasmin"`
	// Method, with jasmin, is POST or GET. Empty: POST.
	Method string `yaml:"method"`
	// Content, with jasmin, says what the argument of that name is: raw, the octets of the message's coding, as Jasmin has
	// them; or utf-8, its text. Empty: raw.
	Content string `yaml:"content"`
	// Twilio is the address that is called as Twilio calls, whose answer (TwiML) is sent to the phone.
	Twilio string `yaml:"twilio"`
	// SMPP is the account whose bound sessions get the message.
	SMPP string `yaml:"smpp"`
	// Mailbox is the account that keeps the message until its program has fetched and deleted it (docs/compatibility.md, Ozeki).
	Mailbox string `yaml:"mailbox"`
	// Mail is the addresses that get the message as a mail, by the server under mail (docs/mail-out.md), or rota:NAME for those of
	// whoever is on duty; one or a list.
	Mail route.Patterns `yaml:"mail"`
	// Reply is the template of a text that the phone is answered with, from the number that it wrote to (docs/inbound.md).
	Reply string `yaml:"reply"`
	// Forward is the phones that the message goes on to: numbers, names of the account's distribution
	// lists, contact:NAME or group:NAME of the account, whose members of the time it is; one or a list.
	Forward route.Patterns `yaml:"forward"`
	// Tag is a word that the message gets, which is told with it, and which answers and what is forwarded have.
	Tag string `yaml:"tag"`
	// Register gives the message the next case number of the series of that name.
	Register string `yaml:"register"`
	// Command is the name of the program that is started (under commands).
	Command string `yaml:"command"`
	// Answer has the phone answered with what the webhook answers, a text (text/plain) or {"text": "..."}, with what the
	// service of Kannel's answers, or with what the command writes.
	Answer bool `yaml:"answer"`
	// Most, with reply, twilio and answer, is how many automatic answers a phone gets from the account within an hour, 1 to 255.
	// 0: 5.
	Most int `yaml:"most"`
	// Text, with forward, is the template of the text. Empty: "{from}: {text}".
	Text string `yaml:"text"`
}

const (
	defaultMost    = 5
	mostAnswers    = 255
	defaultForward = "{from}: {text}"
	mostForward    = 100 // numbers and lists of one action
	mostTemplate   = 2000
)

// given lists which things an action does.
func (a *InboundAction) given() (names []string) {
	for _, thing := range []struct {
		name  string
		given bool
	}{
		{"webhook", a.Webhook != ""},
		{"kannel", a.Kannel != (Service{})},
		{"jasmin", a.Jasmin != ""},
		{"twilio", a.Twilio != ""},
		{"smpp", a.SMPP != ""},
		{"mailbox", a.Mailbox != ""},
		{"mail", len(a.Mail) > 0},
		{"reply", a.Reply != ""},
		{"forward", len(a.Forward) > 0},
		{"tag", a.Tag != ""},
		{"register", a.Register != ""},
		{"command", a.Command != ""},
	} {
		if thing.given {
			names = append(names, thing.name)
		}
	}
	return names
}

// validate reports what is wrong with the action.
func (a *InboundAction) validate(field string, report func(field, problem string)) {
	switch names := a.given(); len(names) {
	case 0:
		report(field, "an action needs one of webhook, kannel, jasmin, twilio, smpp, mailbox, mail, reply, forward, tag, register and command")
	case 1:
	default:
		report(field, "an action does one thing: "+strings.Join(names, " and ")+" are two actions")
	}
	account.ValidateURL(report, field+".webhook", a.Webhook)
	a.validateJasmin(field, report)
	account.ValidateURL(report, field+".twilio", a.Twilio)
	for name, template := range map[string]string{".reply": a.Reply, ".text": a.Text} {
		if problem := templateProblem(template); problem != "" {
			report(field+name, problem)
		} else if len(template) > mostTemplate {
			report(field+name, fmt.Sprintf("is longer than %d octets", mostTemplate))
		}
	}
	if problem := message.NameProblem(a.Tag); problem != "" {
		report(field+".tag", problem)
	}
	if a.Kannel != (Service{}) {
		a.Kannel.validate(func(of, problem string) { report(field+".kannel."+of, problem) })
	}
	if a.Answer && a.Webhook == "" && a.Command == "" && a.Kannel == (Service{}) {
		report(field+".answer", "has no effect without webhook, kannel or command")
	}
	switch {
	case a.Most < 0 || a.Most > mostAnswers:
		report(field+".most", fmt.Sprintf("is not within 1 to %d", mostAnswers))
	case a.Most != 0 && a.Reply == "" && !a.Answer && a.Twilio == "":
		report(field+".most", "has no effect without reply, twilio or answer")
	}
	if a.Text != "" && len(a.Forward) == 0 {
		report(field+".text", "has no effect without forward")
	}
	a.validateForward(field, report)
	validateMailboxes(a.Mail, field+".mail", report)
}

// validateJasmin reports what is wrong with a call of Jasmin's kind.
func (a *InboundAction) validateJasmin(field string, report func(field, problem string)) {
	account.ValidateURL(report, field+".jasmin", a.Jasmin)
	for _, word := range []struct{ name, given, first, second string }{{".method", a.Method, "POST", "GET"}, {".content", a.Content, "raw", "utf-8"}} {
		switch {
		case word.given == "":
		case a.Jasmin == "":
			report(field+word.name, "has no effect without jasmin")
		case !strings.EqualFold(word.given, word.first) && !strings.EqualFold(word.given, word.second):
			report(field+word.name, fmt.Sprintf("%q is neither %s nor %s", word.given, word.first, word.second))
		}
	}
}

// validateForward reports recipients that there cannot be.
func (a *InboundAction) validateForward(field string, report func(field, problem string)) {
	if len(a.Forward) > mostForward {
		report(field+".forward", fmt.Sprintf("has more than %d recipients; a distribution list may have more", mostForward))
	}
	for i, name := range a.Forward {
		if name == "" || strings.ContainsAny(name, ",\n") {
			report(route.Item(field+".forward", i, len(a.Forward)), fmt.Sprintf("%q is neither a number nor the name of a list without a comma", name))
		}
	}
}

// does takes the action for an inbound message.
func (a *InboundAction) does(in *message.Inbound) {
	t := message.Target{Account: in.Account}
	most := uint8(cmp.Or(a.Most, defaultMost))
	switch {
	case a.Tag != "":
		in.Tag = a.Tag
		return
	case a.Register != "":
		in.Series = a.Register
		return
	case a.SMPP != "":
		t = message.Target{Kind: message.SMPPTarget, Account: a.SMPP}
	case a.Mailbox != "":
		t = message.Target{Kind: message.MailboxTarget, Account: a.Mailbox}
	case len(a.Mail) > 0:
		in.Targets = append(in.Targets, mailTargets(in.Account, a.Mail)...)
		return
	case a.Webhook != "":
		t.Kind, t.Address = message.WebhookTarget, a.Webhook
		if a.Answer {
			t.Mask = most
		}
	case a.Kannel != (Service{}):
		t.Kind, t.Address = message.ServiceTarget, a.Kannel.address()
		if a.Answer {
			t.Mask = most
		}
	case a.Jasmin != "":
		t.Kind, t.Address = message.JasminTarget, a.Jasmin
		if strings.EqualFold(a.Method, "get") {
			t.Mask |= message.JasminGet
		}
		if strings.EqualFold(a.Content, "utf-8") {
			t.Mask |= message.JasminText
		}
	case a.Twilio != "":
		t.Kind, t.Address, t.Mask = message.TwilioTarget, a.Twilio, most
	case a.Command != "":
		t.Kind, t.Address = message.CommandTarget, a.Command
		if a.Answer {
			t.Mask = most
		}
	case a.Reply != "":
		t.Kind, t.Address, t.Mask = message.ReplyTarget, a.Reply, most
	default:
		t.Kind, t.Address = message.ForwardTarget, strings.Join(a.Forward, ",")+"\n"+cmp.Or(a.Text, defaultForward)
	}
	in.Targets = append(in.Targets, t)
}

// String says what the action does.
func (a *InboundAction) String() string {
	switch {
	case a.Tag != "":
		return "tag " + a.Tag
	case a.Register != "":
		return "gets a case number of the series " + a.Register
	case a.SMPP != "":
		return "SMPP sessions of " + a.SMPP
	case a.Mailbox != "":
		return "mailbox of " + a.Mailbox
	case len(a.Mail) > 0:
		return "mail to " + a.Mail.String()
	case a.Webhook != "" && a.Answer:
		return "webhook " + a.Webhook + ", which answers"
	case a.Webhook != "":
		return "webhook " + a.Webhook
	case a.Kannel != (Service{}) && a.Answer:
		return a.Kannel.String() + ", which answers"
	case a.Kannel != (Service{}):
		return a.Kannel.String()
	case a.Jasmin != "":
		return "jasmin " + a.Jasmin
	case a.Twilio != "":
		return "twilio " + a.Twilio
	case a.Command != "" && a.Answer:
		return "command " + a.Command + ", which answers"
	case a.Command != "":
		return "command " + a.Command
	case a.Reply != "":
		return fmt.Sprintf("reply %q", a.Reply)
	}
	return "forward to " + a.Forward.String()
}
