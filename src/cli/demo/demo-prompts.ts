/** What the demo asks, in order: questions, the same in other words, and near-misses that must not be answered the same. */
export const demoPrompts: readonly string[] = [
  "What is the capital of France?",
  "What is the capital of France?",
  "Tell me the capital of France",
  "What is the capital of Spain?",
  "How do I reset my password?",
  "How can I reset my password?",
  "How do I change my username?",
  "What is the population of Germany?",
  "What's Germany's population?",
  "What are the benefits of exercise?",
  "Tell me about the benefits of exercising",
  "What are the risks of exercise?",
  "Convert 10 miles to kilometers",
  "Convert 20 miles to kilometers",
  "What is the weather like today?",
];

/** The imitation provider's knowledge; anything else it answers with an echo. */
export const demoAnswers: readonly (readonly [pattern: RegExp, answer: string])[] = [
  [/capital.*france/i, "The capital of France is Paris."],
  [/capital.*spain/i, "The capital of Spain is Madrid."],
  [/password/i, "Open Settings, choose Security, then Reset password. A link arrives by e-mail."],
  [/username/i, "Open Settings, choose Profile, then edit your username."],
  [/germany/i, "Germany has about 84 million inhabitants."],
  [/risks of exercise/i, "Injuries and overtraining, mostly from doing too much too soon."],
  [/exercis/i, "A stronger heart, better sleep, and a better mood."],
  [/10 miles/i, "10 miles are 16.09 kilometers."],
  [/20 miles/i, "20 miles are 32.19 kilometers."],
];
