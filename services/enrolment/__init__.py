"""An enrolment by a link: the touches it asks for, one step each."""
