package account

import (
	"cmp"
	"fmt"

	"kurir/message"
)

// Text is how texts of the customer are written that need more than the GSM alphabet or than one message.
type Text struct {
	// Unicode says what becomes of a text with characters that neither the GSM alphabet nor the languages have: allow
	// sends it as UCS-2, with 70 characters a message instead of 160; simplify puts the plain form in their place (Łódź
	// becomes Lodz, typographic quotes straight ones; å ä ö é and other letters of the alphabet stay) and tells each
	// replacement, and sends as UCS-2 what has no plain form; refuse refuses it. Empty: allow.
	Unicode string `yaml:"unicode" example:"allow"`
	// Languages whose national tables (3GPP TS 23.038) may be used where that saves a message: turkish, spanish,
	// portuguese, bengali, gujarati, hindi, kannada, malayalam, oriya, punjabi, tamil, telugu, urdu, or all. All links
	// of the route must have them too. Old phones show other letters. Empty: none.
	Languages []string `yaml:"languages"`
	// Long says what becomes of a text that is longer than one message: join sends parts that the phone joins; separate
	// sends messages of their own, cut between words, at most max_parts; cut sends what fits into one message and tells
	// how much was left out; refuse refuses it. Empty: join.
	Long string `yaml:"long" example:"join"`
	// Numbered begins separate messages with 1/3 and the like.
	Numbered bool `yaml:"numbered"`
	// REST is what holds instead for messages over REST; what it leaves out is as above.
	REST TextVia `yaml:"rest"`
	// Kannel is what holds instead for messages over the Kannel-compatible interface.
	Kannel TextVia `yaml:"kannel"`
	// SMPP is what holds instead for messages over SMPP.
	SMPP TextVia `yaml:"smpp"`
	// Jasmin is what holds instead for messages over the Jasmin-compatible interface.
	Jasmin TextVia `yaml:"jasmin"`
	// Twilio is what holds instead for messages over the Twilio-compatible interface.
	Twilio TextVia `yaml:"twilio"`
	// Ozeki is what holds instead for messages over the Ozeki-compatible interface.
	Ozeki TextVia `yaml:"ozeki"`
	// Plain is what holds instead for messages over the plain interface.
	Plain TextVia `yaml:"plain"`
	// UCP is what holds instead for messages over EMI/UCP.
	UCP TextVia `yaml:"ucp"`
	// CIMD2 is what holds instead for messages over CIMD2.
	CIMD2 TextVia `yaml:"cimd2"`
	// SMTP is what holds instead for mails. Where neither this nor unicode above says anything, they are simplified.
	SMTP TextVia `yaml:"smtp"`
	// Web is what holds instead for messages from the web pages.
	Web TextVia `yaml:"web"`
}

// TextVia is what holds for the texts of one interface.
type TextVia struct {
	// Unicode is allow, simplify or refuse. Empty: as for all interfaces.
	Unicode string `yaml:"unicode"`
	// Languages are those whose national tables may be used. Empty: as for all interfaces.
	Languages []string `yaml:"languages"`
	// Long is join, separate, cut or refuse. Empty: as for all interfaces.
	Long string `yaml:"long"`
}

// mailUnicode is the Unicode of mails where nothing is said: programs for mail write quotes and dashes that nobody typed, and
// one of them makes a message of 160 characters three.
const mailUnicode = "simplify"

// via gives what holds for each interface.
func (t *Text) via() map[message.Interface]*TextVia {
	return map[message.Interface]*TextVia{
		message.ViaREST: &t.REST, message.ViaKannel: &t.Kannel, message.ViaSMPP: &t.SMPP, message.ViaJasmin: &t.Jasmin,
		message.ViaTwilio: &t.Twilio, message.ViaOzeki: &t.Ozeki, message.ViaPlain: &t.Plain,
		message.ViaUCP: &t.UCP, message.ViaCIMD2: &t.CIMD2, message.ViaSMTP: &t.SMTP, message.ViaWeb: &t.Web,
	}
}

// TextRules returns how texts that come by an interface are written; nil if nothing is said, which is so for most.
func (a *Account) TextRules(via message.Interface) *message.TextRules {
	if int(via) < len(a.texts) {
		return a.texts[via]
	}
	return nil
}

// resolve makes the rules of each interface.
func (t *Text) resolve() (rules [message.InterfaceCount]*message.TextRules) {
	for via, own := range t.via() {
		r := message.TextRules{}
		languages := own.Languages
		if len(languages) == 0 {
			languages = t.Languages
		}
		unicode := cmp.Or(own.Unicode, t.Unicode)
		if via == message.ViaSMTP {
			unicode = cmp.Or(unicode, mailUnicode)
		}
		r.Unicode, _ = message.ParseUnicodePolicy(unicode) // Validate reports what cannot be read
		r.Long, _ = message.ParseLongPolicy(cmp.Or(own.Long, t.Long))
		r.Languages, _ = message.ParseLanguages(languages)
		r.Numbered = t.Numbered && r.Long == message.LongSeparate
		if r != (message.TextRules{}) {
			rules[via] = &r
		}
	}
	return rules
}

func (t *Text) validate(report func(field, problem string)) {
	one := func(prefix, unicode, long string, languages []string) {
		if _, err := message.ParseUnicodePolicy(unicode); err != nil {
			report(prefix+"unicode", err.Error())
		}
		if _, err := message.ParseLongPolicy(long); err != nil {
			report(prefix+"long", err.Error())
		}
		for i := range languages {
			if _, err := message.ParseLanguages(languages[i : i+1]); err != nil {
				report(fmt.Sprintf("%slanguages[%d]", prefix, i), err.Error())
			}
		}
	}
	one("text.", t.Unicode, t.Long, t.Languages)
	for via, own := range t.via() {
		one("text."+via.String()+".", own.Unicode, own.Long, own.Languages)
	}
}
