package scenarios

// Scope lets tests use templates.
type Scope = scope

// NewScope makes one of what was saved and what is known anyway.
func NewScope(saved, known map[string]any) Scope { return scope{saved: saved, known: known} }

func (s scope) Resolve(value any) (any, error)   { return s.resolve(value) }
func (s scope) Text(text string) (string, error) { return s.text(text) }
func (s scope) URL(text string) (string, error)  { return s.url(text) }
func (s scope) Form(text string) (string, error) { return s.form(text) }
func (s scope) JSON(text string) (string, error) { return s.json(text) }
func (s scope) Match(m *Match) (*Match, error)   { return s.match(m) }
