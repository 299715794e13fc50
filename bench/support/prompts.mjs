/** Questions and the same in other words, which the matcher is expected to answer from one entry. */
export const paraphrases = [
  ["What is the capital of France?", "what's the capital of France"],
  ["How do I reset my password?", "How can I reset my password?"],
  ["How many days are there in a leap year?", "How many days does a leap year have?"],
  ["What is the boiling point of water at sea level?", "At sea level, what is the boiling point of water?"],
  ["How do I cancel my subscription?", "How can I cancel my subscription?"],
];

/** Questions with one frame, none of which may be answered with another one's answer. */
export const questions = [
  "What is the capital of Spain?",
  "How do I change my username?",
  "Convert 10 miles to kilometers",
  "Who wrote the novel Moby Dick?",
  "Which languages are spoken in Switzerland?",
  "How long do I boil an egg?",
  "Why is the sky blue?",
  "How does a heat pump work?",
];
