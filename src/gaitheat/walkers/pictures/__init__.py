"""What a camera delivers: scenery, light, people, and the sensor's noise."""
