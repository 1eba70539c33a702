// Package filter asks a program on this machine, or a URL, about messages before they are accepted. The procedure:
//
//  1. Ask waits for a free place, of which a filter has AtOnce. Too many that wait are refused at once, so that a slow
//     filter holds up neither memory nor other customers.
//  2. The question goes as JSON to the program's standard input, or as the body of a POST.
//  3. The answer is JSON again, or nothing, which allows the message. It allows, changes or refuses.
//  4. An error means that there was no answer within Timeout, or none that can be read: what then becomes of the message
//     the filter's Unanswered says.
//
// A program is started with its arguments as they stand in the configuration, never by a shell; the text is nowhere
// among them.
package filter
