package mail

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// onDemand gives a pattern that is compiled when it is first asked for: to compile all of them is a tenth of what a start costs, and of every command.
func onDemand(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// The phrases by which mail programs mark what their user did not write, in the
// languages of the Nordic countries and their neighbours.
var (
	// attribution is the line before quoted text: On Mon, 1 Dec 2026, Anna wrote:
	attribution = onDemand(`(?i)^\s*(on|den|am|le|på|il|el|op|mån|tis|ons|tors|fre|lör|sön|man|tir|tor|lør|søn|\d{1,4}[-./ ]|[^ ]+ [^ ]+ <).{0,300}\b(wrote|skrev|schrieb|a écrit|ha scritto|escribió|schreef|kirjoitti)(\s+\S{1,80}){0,8}\s*:\s*$`)
	// attributionBegins is how it begins, where it was broken into several lines.
	attributionBegins = onDemand(`(?i)^\s*(on|den|am|le|på)\s.{0,300}(\d|,|>|@)`)
	// separator is the line that Outlook puts above what is answered.
	separator = onDemand(`(?i)^\s*(-{2,}\s*(original message|ursprungligt meddelande|original[- ]?meddelande|opprinnelig melding|oprindelig meddelelse|ursprüngliche nachricht|forwarded message|vidarebefordrat meddelande|videresendt melding|alkuperäinen viesti|reply message)\s*-{2,}|begin forwarded message:|vidarebefordrat brev:)\s*$`)
	// blockFrom and blockSent begin the fields that Outlook puts there.
	blockFrom    = onDemand(`(?i)^\s*\*?(from|från|fra|von|de|lähettäjä)\s*:\*?\s*\S`)
	blockSent    = onDemand(`(?i)^\s*\*?(sent|date|skickat|datum|sendt|dato|gesendet|envoyé|lähetetty)\s*:\*?\s*\S`)
	blockSubject = onDemand(`(?i)^\s*\*?(subject|ämne|emne|betreff|objet|aihe)\s*:\*?`)
	blockMore    = onDemand(`(?i)^\s*\*?(to|cc|subject|till|kopia|ämne|til|kopi|emne|an|betreff|reply-to|svara till|importance|prioritet|bcc)\s*:\*?`)
	rulerLine    = onDemand(`^\s*_{10,}\s*$`)
	listFooter   = onDemand(`(?i)\b(mailing list|mailinglista|sändlista|e-postlista)\b`)
	// decoration is a line that only parts others, with a character that it repeats.
	decoration = onDemand(`^[-=_*~#+. \t]{5,}$`)
	// device are the lines that phones put below.
	device = onDemand(`(?i)^\s*(sent|skickat|sendt|gesendet|envoyé|lähetetty)\s+(from|från|fra|von|via|med|with|using|using a|depuis)\s+(my|min|mitt|mit|meinem|the|mon|a|)\s*(iphone|ipad|ios|android|samsung|galaxy|huawei|nokia|blackberry|windows phone|mobile|mobil|mobiltelefon|smartphone|phone|telefon|sony|xperia|oneplus|xiaomi|outlook|yahoo|mail for|mail|e-post|e-post för|gmail|proton|surfplatta|tablet|htc|lg|motorola|pixel|telia|tele2|telenor|tre).{0,80}$`)
	getApp = onDemand(`(?i)^\s*(get outlook for|hämta outlook för|skaffa outlook för|hent outlook|download outlook|sent using outlook|scanned by|virus-free\.?|virusfri\.?|this (e-?mail|message) (was|has been) (scanned|checked) (by|for).{0,60}(virus|antivirus|avast|avg)|detta e-postmeddelande har (sökts igenom|kontrollerats)|avsänt från|från min iphone|från min mobil)\b.{0,120}$`)
)

// commonDisclaimers are how disclaimers and warnings of mail filters begin, in
// small letters.
var commonDisclaimers = []string{
	"this e-mail and any", "this email and any", "this e-mail is confidential", "this email is confidential", "this message is confidential",
	"this e-mail (including", "this email (including", "this message (including", "this message contains confidential", "this e-mail contains confidential",
	"this email contains confidential", "this e-mail may contain", "this email may contain", "this message may contain", "this communication is confidential",
	"the information contained in this", "the information in this e-mail", "the information in this email", "the contents of this e",
	"confidentiality notice", "confidentiality note", "disclaimer:", "notice: this e",
	"if you are not the intended recipient", "please consider the environment", "think before you print",
	"detta meddelande är konfidentiellt", "detta e-postmeddelande är konfidentiellt", "detta e-postmeddelande kan innehålla",
	"detta e-postmeddelande och", "detta mail kan innehålla", "detta meddelande kan innehålla", "denna e-post är konfidentiell", "denna e-post kan innehålla",
	"informationen i detta", "innehållet i detta e", "om du inte är rätt mottagare", "om du har fått detta meddelande av misstag",
	"tänk på miljön", "skriv inte ut detta", "när du skickar e-post till oss", "när du mejlar oss", "så här behandlar vi personuppgifter",
	"så behandlar vi dina personuppgifter", "läs om hur vi behandlar", "läs mer om hur vi behandlar", "vi behandlar dina personuppgifter",
	"caution: this e", "caution: external", "caution! this", "external email:", "external e-mail:", "[external email]", "[external sender]", "warning: this email originated",
	"this email originated from outside", "this message originated from outside", "this message was sent from outside", "you don't often get email from", "you don’t often get email from",
	"some people who received this message don't often get email", "du får inte ofta e-post från", "varning: detta e", "obs! detta meddelande kommer utifrån",
	"externt meddelande:", "extern avsändare:", "detta meddelande kommer från en extern", "detta e-postmeddelande kommer från en extern",
	"dette er en ekstern", "diese e-mail enthält vertrauliche", "denne e-posten er konfidensiell", "denne e-mail er fortrolig",
}

// cutQuoted takes out what the sender answers: lines that begin with ">" and the
// line above them, and all from where Outlook puts the older mail. One line alone that
// begins so is no quotation: "> 90 % used". Of a mail that sends another on the other
// is the content, and only the fields above it go. With all nothing may be left: of an
// answer that only quotes.
func cutQuoted(lines []string, sendsOn, all bool) []string {
	if sendsOn {
		lines = unquoted(lines)
	}
	var kept []string
	said := false // there is something in kept
	alone := !all && quotes(lines) == 1
	for i := 0; i < len(lines); i++ {
		if isQuote(lines[i]) && !alone {
			continue
		}
		if n := attributed(lines[i:]); n > 0 {
			next := i + n
			for next < len(lines) && lines[next] == "" {
				next++
			}
			if next == len(lines) || isQuote(lines[next]) {
				i = next - 1
				continue
			}
			if said || all {
				return kept
			}
		}
		if beginsOlder(lines[i:]) {
			if (said || all) && !sendsOn {
				return kept
			}
			sendsOn = false // what that mail answers is not wanted
			i += olderHeader(lines[i:]) - 1
			kept = append(kept, "")
			continue
		}
		kept, said = append(kept, lines[i]), said || saysSomething(lines[i])
	}
	return kept
}

// sendsOnSubject begins the subject of a mail that sends another on.
var sendsOnSubject = onDemand(`(?i)^(fw|fwd|vb|wg|tr|doorst)\s*:`)

// unquoted takes one mark of quotation off each line.
func unquoted(lines []string) []string {
	plain := make([]string, len(lines))
	for i, line := range lines {
		if isQuote(line) {
			line = strings.TrimPrefix(strings.TrimPrefix(strings.TrimLeft(line, " \t"), ">"), " ")
		}
		plain[i] = line
	}
	return plain
}

func isQuote(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " \t"), ">") }

func quotes(lines []string) int {
	n := 0
	for i, line := range lines {
		if isQuote(line) {
			n++
		} else if line != "" && attributed(lines[i:]) > 0 {
			n++ // which makes one line enough
		}
	}
	return n
}

// attributed tells how many lines the one before quoted text takes; 0: it is none.
func attributed(lines []string) int {
	if len(lines[0]) > 500 || !slices.ContainsFunc(lines[:min(len(lines), 3)], endsInColon) {
		return 0
	}
	if attribution().MatchString(lines[0]) {
		return 1
	}
	if attributionBegins().MatchString(lines[0]) {
		whole := lines[0]
		for n := 1; n < 3 && n < len(lines) && lines[n] != "" && len(lines[n]) < 300; n++ {
			if whole += " " + lines[n]; attribution().MatchString(whole) {
				return n + 1
			}
		}
	}
	return 0
}

func endsInColon(line string) bool { return strings.HasSuffix(strings.TrimRight(line, " \t"), ":") }

// beginsOlder tells whether an older mail stands from here on.
func beginsOlder(lines []string) bool {
	if !strings.ContainsAny(lines[0], ":-_") || len(lines[0]) > 500 {
		return false
	}
	if separator().MatchString(lines[0]) {
		return true
	}
	if rulerLine().MatchString(lines[0]) {
		for _, line := range lines[1:] {
			if line != "" {
				return blockFrom().MatchString(line)
			}
		}
		return false
	}
	if !blockFrom().MatchString(lines[0]) {
		return false
	}
	sent, subject := false, false // a voicemail has From: and Date: too, but hardly both of these
	for _, line := range lines[1:min(len(lines), 8)] {
		sent = sent || blockSent().MatchString(line)
		subject = subject || blockSubject().MatchString(line)
	}
	return sent && subject
}

// olderHeader tells how many lines the separator and the fields above an older
// mail take, at least one.
func olderHeader(lines []string) int {
	n := 1
	for n < len(lines) {
		line := lines[n]
		if line != "" && !blockFrom().MatchString(line) && !blockSent().MatchString(line) && !blockMore().MatchString(line) {
			break
		}
		n++
	}
	return n
}

// longestSignature is how many lines may stand behind a line of two hyphens that
// lost its space, for it to begin a signature.
const longestSignature = 10

// cutSignature takes out all from the line "-- " on (RFC 3676 4.3), or from what
// a mailing list puts below.
func cutSignature(lines []string) []string {
	for i, line := range lines {
		if rulerLine().MatchString(line) && i+1 < len(lines) && listFooter().MatchString(lines[i+1]) {
			return lines[:i]
		}
		if line == "-- " || line == "--" && written(lines[i+1:], longestSignature) <= longestSignature {
			return lines[:i]
		}
	}
	return lines
}

// written counts the lines that say something, until there are more than most.
func written(lines []string, most int) int {
	n := 0
	for _, line := range lines {
		if n > most {
			break
		}
		if saysSomething(line) {
			n++
		}
	}
	return n
}

func saysSomething(line string) bool { return line != "" && !decoration().MatchString(line) }

// cutPhrases takes out the lines that phones and mail programs put below.
func cutPhrases(lines []string) []string {
	var kept []string
	for _, line := range lines {
		if len(line) < 300 && (device().MatchString(line) || getApp().MatchString(line)) {
			continue
		}
		kept = append(kept, line)
	}
	return kept
}

// cutDisclaimers takes out all from a disclaimer on. One that stands before
// everything else, as a warning of a mail filter does, goes alone, to the next empty line.
func cutDisclaimers(lines, more []string) []string {
	var kept []string
	said := false
	for i := 0; i < len(lines); i++ {
		if !isDisclaimer(lines[i], more) {
			kept, said = append(kept, lines[i]), said || saysSomething(lines[i])
			continue
		}
		if said {
			return kept
		}
		for i+1 < len(lines) && lines[i+1] != "" {
			i++
		}
	}
	return kept
}

// plainLinks takes out what mail programs put behind words that are links:
// example.se<https://example.se/>, anna@example.se<mailto:anna@example.se>. An address
// that the words do not tell stays, as in the text of a page.
func plainLinks(lines []string) {
	for i, line := range lines {
		if !strings.Contains(line, "<") || !strings.Contains(line, ":") {
			continue
		}
		lines[i] = behindWord().ReplaceAllStringFunc(line, func(found string) string {
			word, link, _ := strings.Cut(strings.TrimSuffix(found, ">"), "<")
			if shown := strings.TrimFunc(word, blankRune); shown == "" || decoration().MatchString(shown) {
				return found // there is no word that tells where it leads
			}
			return word + besides(word, target(link))
		})
	}
}

var behindWord = onDemand(`[^\s<>]+<(https?|mailto|tel|sip):[^<>\s]+>`)

func isDisclaimer(line string, more []string) bool {
	if line == "" {
		return false
	}
	line = strings.Join(strings.Fields(strings.TrimLeft(line, "*_ \t")), " ")
	for _, begin := range commonDisclaimers {
		if _, is := cutPrefixFold(line, begin); is {
			return true
		}
	}
	for _, begin := range more {
		begin = strings.Join(strings.Fields(begin), " ")
		if _, is := cutPrefixFold(line, begin); is && begin != "" {
			return true
		}
	}
	return false
}
