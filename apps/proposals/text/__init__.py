"""The words of a proposal: where each is from, titles that follow edits, signs that look alike."""
