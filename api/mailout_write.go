package api

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"kurir/gateway"
	"kurir/mail"
	"kurir/message"
)

// write makes the mail of a message from a phone. Its Message-ID is that of the item, so that a
// mail which came twice is seen to be one.
func (m *MailOut) write(ctx context.Context, set *gateway.Mail, item *gateway.Item) *mail.Message {
	in := item.Inbound
	letter := &mail.Message{
		From: set.From, To: []string{item.Target.Address}, ID: inboundHookID(in.ID, item.Index) + "@" + cmp.Or(set.Domain, message.MailDomain(set.From)),
	}
	m.writeInbound(ctx, letter, in)
	return letter
}

// writeInbound is what a phone wrote.
func (m *MailOut) writeInbound(ctx context.Context, letter *mail.Message, in *message.Inbound) {
	letter.FromName = in.From.String()
	of := m.answered(ctx, in)
	letter.Subject = "SMS from " + in.From.String()
	if number := caseOf(in, of); number != "" {
		letter.Subject = "[" + number + "] " + letter.Subject
	}
	letter.Text, letter.Date = inboundText(in), time.UnixMilli(in.Received)
	if m.opt.Tokens != nil {
		letter.ReplyTo = m.opt.Tokens().Address(in.ID)
	}
	letter.Extra = [][2]string{{"X-Kurir-From", in.From.String()}, {"X-Kurir-To", in.To.String()}, {"X-Kurir-ID", in.ID.String()}}
	if of != nil && of.Via == message.ViaSMTP && message.IsMailbox(of.Reference) {
		letter.InReplyTo, letter.References = of.Reference, []string{of.Reference}
	}
}

// caseOf is the case number of a message from a phone: its own, or that of the one which the message that it answers has
// answered by mail.
func caseOf(in *message.Inbound, of *message.Message) string {
	if in.Case != "" || of == nil || of.Target.Kind != message.MailTarget {
		return in.Case
	}
	return message.ReadMailReturn(of.Target.Address).Case
}

// inboundText is the text as the phone wrote it; octets of a binary message in
// hexadecimal.
func inboundText(in *message.Inbound) string {
	if in.Content.Text == "" && len(in.Content.Data) > 0 {
		return fmt.Sprintf("A binary message of %d octets:\n\n%s\n", len(in.Content.Data), hex.EncodeToString(in.Content.Data))
	}
	text := in.Content.Text
	if in.Missing > 0 {
		text += fmt.Sprintf("\n\n(%d parts of this text never came.)", in.Missing)
	}
	return strings.TrimRight(text, "\n") + "\n"
}
