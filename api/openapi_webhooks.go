package api

import (
	"kurir/resource"
)

// eventSchema is the schema of what webhooks and streams tell: a webhookEvent of a
// type, whose data is as data.
func eventSchema(name, of, what string, data any) schemaOf {
	return func(g *resource.Schemas) *resource.Schema {
		if g.Named[name] == nil {
			g.Named[name] = &resource.Schema{
				Type: "object", Description: what, Required: []string{"type", "id", "timestamp", "data"}, Properties: resource.Properties{
					{Name: "type", Schema: &resource.Schema{Type: "string", Enum: []string{of}, Description: "what has happened"}},
					{Name: "id", Schema: &resource.Schema{Type: "string", Description: "the same in each repetition; webhooks have it as `webhook-id`"}},
					{Name: "timestamp", Schema: &resource.Schema{Type: "string", Format: "date-time", Description: "when it happened"}},
					{Name: "data", Schema: withText(schemaIn(g, data, true), "of what it tells")},
				},
			}
		}
		return g.Ref(name)
	}
}

var (
	stateEventSchema   = eventSchema("StateEvent", typeState, "what became of a message", messageView{})
	inboundEventSchema = eventSchema("InboundEvent", typeInbound, "a message from a phone", inboundView{})
	lowEventSchema     = eventSchema("BalanceEvent", typeLow, "an account's money is less than its warn", lowView{})
	alarmBeganSchema   = eventSchema("AlarmBeganEvent", typeAlarmBegan, "an alarm has begun", alarmView{})
	alarmEndedSchema   = eventSchema("AlarmEndedEvent", typeAlarmEnded, "an alarm has ended", alarmView{})
)

// streamedEvent is what GET /v1/events tells.
func streamedEvent(g *resource.Schemas) *resource.Schema {
	return &resource.Schema{OneOf: []*resource.Schema{stateEventSchema(g), inboundEventSchema(g)}}
}

// withText says what a schema, or what it refers to, is here.
func withText(s *resource.Schema, text string) *resource.Schema {
	s.Description = text
	return s
}

// hookReply is what a webhook may answer a phone with.
type hookReply struct {
	Text string `json:"text" doc:"that is sent to the phone, where the inbound rule says answer: true"`
}

// webhooks adds the calls that we make.
func (c *composer) webhooks() {
	c.doc.Webhooks = map[string]map[string]*openOperation{}
	for _, hook := range []struct {
		of, name, summary string
		body              schemaOf
	}{
		{typeState, "toldState", "What became of a message", stateEventSchema},
		{typeInbound, "toldInbound", "A message from a phone", inboundEventSchema},
		{typeLow, "toldLowBalance", "An account's money is less than its warn", lowEventSchema},
		{typeAlarmBegan, "toldAlarmBegan", "An alarm has begun: to the webhook of alarms", alarmBeganSchema},
		{typeAlarmEnded, "toldAlarmEnded", "An alarm has ended: to the webhook of alarms", alarmEndedSchema},
	} {
		taken := &openResponse{Text: "taken: it is not told again"}
		if hook.of == typeInbound {
			taken.Content = map[string]*openMedia{
				jsonMedia:    {Schema: schemaIn(c.schemas, hookReply{}, true)},
				"text/plain": {Schema: textSchema("that is sent to the phone, where the inbound rule says answer: true")},
			}
		}
		c.doc.Webhooks[hook.of] = map[string]*openOperation{"post": {
			Name: hook.name, Tags: []string{"webhooks"}, Summary: hook.summary, Text: hookText, Security: []map[string][]string{},
			Parameters: []*openParameter{
				{Name: "webhook-id", In: "header", Required: true, Schema: &resource.Schema{Type: "string"}, Text: "the same in each repetition, and in no other call"},
				{Name: "webhook-timestamp", In: "header", Required: true, Schema: &resource.Schema{Type: "integer"}, Text: "when the call is made, in Unix seconds"},
				{
					Name: "webhook-signature", In: "header", Schema: &resource.Schema{Type: "string"},
					Text: "`v1,` and the base64 of HMAC-SHA256 by the account's webhook_secret over `webhook-id.webhook-timestamp.body`; two of them with a space between while the secret changes; left out without a secret",
				},
			},
			Body: &openBody{Required: true, Content: map[string]*openMedia{jsonMedia: c.media(hook.body, true)}},
			Responses: map[string]*openResponse{
				"2XX":     taken,
				"410":     {Text: "refused for good: it is not told again"},
				"default": {Text: "it is told again, after pauses that grow"},
			},
		}}
	}
}

// hookText is what all webhooks have in common.
const hookText = "A call that Kurir makes to your server, by the scheme of [Standard Webhooks](https://www.standardwebhooks.com). Answer quickly; what is told may come again with the same id."

// acceptedLineView, refusedLineView and summedView are the lines of an answer to a
// stream, which streamAnswer writes.
type acceptedLineView struct {
	Line int `json:"line" doc:"of the request, from 1"`
	resultView
}

type refusedLineView struct {
	Line int `json:"line" doc:"of the request, from 1"`
	mistakeView
}

type summedView struct {
	Summary streamSummedView `json:"summary" doc:"the last line: without one the answer is not whole"`
}

type streamSummedView struct {
	Lines    int    `json:"lines" doc:"that were read, empty ones too"`
	Accepted int    `json:"accepted" doc:"messages that are accepted"`
	Parts    int    `json:"parts" doc:"short messages that these need"`
	Errors   int    `json:"errors" doc:"messages and lines that are not accepted"`
	Unlisted int    `json:"unlisted,omitempty" doc:"errors that have no line, with results=summary"`
	Complete bool   `json:"complete" doc:"all lines were read"`
	NextLine int    `json:"next_line,omitempty" doc:"the first that was not taken: send on from there"`
	Code     string `json:"code,omitempty" doc:"why not all were read, as a stable word"`
	Detail   string `json:"detail,omitempty" doc:"why not all were read, for people"`
}

// streamedLine is a line of the answer to a stream.
func streamedLine(g *resource.Schemas) *resource.Schema {
	return &resource.Schema{OneOf: []*resource.Schema{
		schemaIn(g, acceptedLineView{}, true), schemaIn(g, refusedLineView{}, true), schemaIn(g, summedView{}, true),
	}}
}

// messageOfSeveral is a message among several, or in a line of its own.
func messageOfSeveral(g *resource.Schemas) *resource.Schema { return g.Ref("MessageOfSeveral") }
