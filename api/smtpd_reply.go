package api

import (
	"fmt"
	"strings"

	"github.com/emersion/go-smtp"

	"kurir/message"
)

// smtpCode is a reply: its code, and the enhanced one behind it (RFC 3463).
type smtpCode struct {
	code     int
	enhanced string
}

// smtpCodes says by which reply a client learns why a message was not accepted. What is not here is smtpLater or smtpNever.
var smtpCodes = map[message.FailureKind]smtpCode{
	message.BadRecipient: {550, "5.1.1"},
	message.NoRoute:      {550, "5.1.2"},
	message.NoPrice:      {550, "5.1.2"},
	message.BadSender:    {550, "5.7.1"},
	message.NotPermitted: {550, "5.7.1"},
	message.Blocked:      {550, "5.7.1"},
	message.OptedOut:     {550, "5.7.1"},
	message.NotOpened:    {550, "5.7.1"},
	message.Repeated:     {554, "5.7.1"},
	message.NoMoney:      {554, "5.7.1"},
	message.Loop:         {554, "5.4.6"},
	message.BadContent:   {554, "5.6.0"},
	message.BadDimension: {554, "5.6.0"},
	message.StoreFull:    {452, "4.3.1"},
	message.Overloaded:   {452, "4.3.2"},
	message.LimitReached: {452, "4.7.1"},
	message.Stopping:     {421, "4.3.2"},
}

// The replies to other failures.
var (
	smtpLater = smtpCode{451, "4.3.0"}
	smtpNever = smtpCode{554, "5.0.0"}
)

// smtpFailed is the reply to a failure of a recipient.
func smtpFailed(to string, f *message.Failure) *smtp.SMTPError {
	c, known := smtpCodes[f.Kind]
	switch {
	case known:
	case f.Kind.Temporary():
		c = smtpLater
	default:
		c = smtpNever
	}
	return smtpRefuse(c.code, c.enhanced, "<%s>: %s", to, f.Error())
}

// smtpMostText is how many octets of a sentence a reply has: a line has 512 (RFC 5321 4.5.3.1.5).
const smtpMostText = 400

// smtpRefuse makes a reply with a sentence, which is ASCII on one line.
func smtpRefuse(code int, enhanced, format string, args ...any) *smtp.SMTPError {
	e := &smtp.SMTPError{Code: code}
	_, _ = fmt.Sscanf(enhanced, "%d.%d.%d", &e.EnhancedCode[0], &e.EnhancedCode[1], &e.EnhancedCode[2])
	text := strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, fmt.Sprintf(format, args...))
	e.Message = text[:min(len(text), smtpMostText)]
	return e
}
