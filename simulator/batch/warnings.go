package batch

import "fmt"

// Warning is something about a file that is not as it should be and was
// accepted all the same, counted per rule.
type Warning struct {
	Rule string `json:"rule"`
	Page int    `json:"page"`
	// Message is about the first row concerned, on Line; Count is how many
	// rows were concerned.
	Message string `json:"message"`
	Line    int    `json:"line"`
	Count   int    `json:"count"`
}

// String is the warning for people.
func (w Warning) String() string {
	return fmt.Sprintf("%s (p.%d); %d rows, the first on line %d", w.Message, w.Page, w.Count, w.Line)
}

// warnings counts them per rule, so that their number is bounded.
type warnings struct{ list []Warning }

func (w *warnings) add(rule string, page int, message string, line int) {
	for i := range w.list {
		if w.list[i].Rule == rule {
			w.list[i].Count++
			return
		}
	}
	w.list = append(w.list, Warning{Rule: rule, Page: page, Message: message, Line: line, Count: 1})
}
